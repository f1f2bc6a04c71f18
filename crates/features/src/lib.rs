//! Nothing: see `.config/hakari.toml`.
