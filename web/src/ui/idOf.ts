const LETTERS =
  "а:a б:b в:v г:g ґ:g д:d е:e ё:e є:ie ж:zh з:z и:i і:i ї:i й:i к:k л:l м:m н:n о:o п:p р:r с:s т:t у:u ф:f х:kh ц:ts ч:ch ш:sh щ:shch ъ: ы:y ь: э:e ю:iu я:ia";
const LATIN = new Map(LETTERS.split(" ").map((pair) => pair.split(":") as [string, string]));
const ID_CHARS_MAX = 56;

/**
 * An id from a name, which no other has.
 *
 * * `taken`: the ids that there are.
 * * `otherwise`: what it is called where the name has no letter to make one of.
 */
export function idOf(name: string, taken: Iterable<string>, otherwise: string): string {
  const latin = [...name.toLowerCase()].map((letter) => LATIN.get(letter) ?? letter).join("");
  const plain = latin.normalize("NFKD").replaceAll(/\p{M}/gu, "");
  const words = plain.replaceAll(/[^a-z0-9]+/g, "-").slice(0, ID_CHARS_MAX);
  const id = words.replaceAll(/^-+|-+$/g, "") || otherwise;
  const held = new Set(taken);
  let number = 2;
  let free = id;
  while (held.has(free)) free = `${id}-${number++}`;
  return free;
}
