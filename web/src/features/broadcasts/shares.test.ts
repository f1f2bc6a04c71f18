import { describe, expect, test } from "vitest";
import { evenly, split, WHOLE, withHoldout, withoutVariant, withShare, withVariant, type Shares } from "./shares";

const total = ({ variants, holdout }: Shares) => variants.reduce((sum, share) => sum + share, holdout);

describe("shares", () => {
  test("a part that grows takes from the others, as they are to each other", () => {
    expect(withShare({ variants: [500, 300, 100], holdout: 100 }, 0, 700)).toEqual({
      variants: [700, 150, 50],
      holdout: 100,
    });
  });

  test("the only variant has all but the holdout", () => {
    expect(withShare({ variants: [900], holdout: 100 }, 0, 200)).toEqual({ variants: [900], holdout: 100 });
  });

  test("others that had nothing share evenly what becomes free", () => {
    expect(withShare({ variants: [1000, 0, 0], holdout: 0 }, 0, 400).variants).toEqual([400, 300, 300]);
  });

  test("a holdout takes from all, and never everything", () => {
    expect(withHoldout({ variants: [500, 500], holdout: 0 }, 100)).toEqual({ variants: [450, 450], holdout: 100 });
    expect(total(withHoldout({ variants: [500, 500], holdout: 0 }, 5000))).toBe(WHOLE);
    expect(withHoldout({ variants: [1000], holdout: 0 }, 1000).variants).toEqual([1]);
  });

  test("thirds add up too", () => {
    expect(evenly({ variants: [1000, 0, 0], holdout: 0 }).variants).toEqual([334, 333, 333]);
    expect(split(10, [1, 1, 1])).toEqual([4, 3, 3]);
  });

  test("they add up whatever is done to them", () => {
    let shares: Shares = { variants: [WHOLE], holdout: 0 };
    let seed = 7;
    const draw = (below: number) => {
      seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31;
      return seed % below;
    };
    for (let turn = 0; turn < 2_000; turn++) {
      const at = draw(shares.variants.length);
      const act = draw(5);
      if (act === 0 && shares.variants.length < 8) shares = withVariant(shares);
      else if (act === 1 && 1 < shares.variants.length) shares = withoutVariant(shares, at);
      else if (act === 2) shares = withHoldout(shares, draw(1_400) - 200);
      else if (act === 3) shares = withShare(shares, at, draw(1_400) - 200);
      else shares = evenly(shares);
      expect(total(shares)).toBe(WHOLE);
      expect(shares.variants.every((share) => 0 <= share && Number.isInteger(share))).toBe(true);
    }
  });
});
