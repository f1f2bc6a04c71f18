//! Every request that leaves this installation goes through here: one guard, checked when the connection is made.
