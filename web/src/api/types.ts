import type { components } from "./schema";

type Schemas = components["schemas"];

export type AuditItem = Schemas["AuditItem"];
export type Call = Schemas["Call"];
export type Catalogue = Schemas["Catalogue"];
export type DeadLetter = Schemas["DeadLetter"];
export type FunnelReport = Schemas["FunnelReport"];
export type FunnelSpec = Schemas["FunnelSpec"];
export type FunnelStep = Schemas["FunnelStep"];
export type Identifier = Schemas["Identifier"];
export type Job = Schemas["Job"];
export type Lead = Schemas["Lead"];
export type LiveEvent = Schemas["LiveEvent"];
export type Me = Schemas["Me"];
export type Order = Schemas["Order"];
export type Overview = Schemas["Overview"];
export type Privacy = Schemas["Privacy"];
export type Profile = Schemas["Profile"];
export type ProfileRow = Schemas["ProfileRow"];
export type Retention = Schemas["Retention"];
export type Role = Schemas["Role"];
export type Source = Schemas["Source"];
/** The properties are whatever the sender chose: the document can only say "an object". */
export type TimelineItem = Omit<Schemas["TimelineItem"], "properties"> & { properties: Record<string, unknown> };
export type TimelineKind = Schemas["TimelineKind"];
export type Token = Schemas["Token"];
export type Touch = Schemas["Touch"];
export type Trait = Schemas["Trait"];
export type User = Schemas["User"];
