import { describe, expect, it } from "vitest";
import { connectingTo } from "./connecting";

describe("what other programs are told", () => {
  it("names the host of the pages and asks for encryption where they have it", () => {
    const [psql, alchemy] = connectingTo({ hostname: "cdp.example.com", protocol: "https:" }, 5433);
    expect(psql?.code).toContain('psql "postgresql://bi@cdp.example.com:5433/forecourt?');
    expect(psql?.code).toContain("sslmode=require");
    expect(alchemy?.code).toContain("@cdp.example.com:5433/forecourt?sslmode=require");
  });

  it("keeps the brackets around an address of IPv6", () => {
    const [psql, alchemy] = connectingTo({ hostname: "[::1]", protocol: "http:" }, 6000);
    expect(psql?.code).toContain("@[::1]:6000/");
    expect(alchemy?.code).toContain("@[::1]:6000/forecourt?sslmode=prefer");
  });
});
