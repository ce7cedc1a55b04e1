/** "The House That Jack Built": cumulative, so that a small model has something to hold on to. */
const builders = [
  "This is the house that Jack built.",
  "This is the malt\nThat lay in the house that Jack built.",
  "This is the rat,\nThat ate the malt\nThat lay in the house that Jack built.",
];
const tail = "That ate the malt\nThat lay in the house that Jack built.";
const added = [
  ["This is the cat,", "That killed the rat,"],
  ["This is the dog,", "That worried the cat,"],
  ["This is the cow with the crumpled horn,", "That tossed the dog,"],
  ["This is the maiden all forlorn,", "That milked the cow with the crumpled horn,"],
  ["This is the man all tattered and torn,", "That kissed the maiden all forlorn,"],
  ["This is the priest all shaven and shorn,", "That married the man all tattered and torn,"],
  ["This is the cock that crowed in the morn,", "That waked the priest all shaven and shorn,"],
  ["This is the farmer sowing his corn,", "That kept the cock that crowed in the morn,"],
] as const;

function rhyme(): string {
  const verses = [...builders];
  let chain = tail;
  for (const [who, what] of added) {
    chain = `${what}\n${chain}`;
    verses.push(`${who}\n${chain}`);
  }
  return `${verses.join("\n\n")}\n\n`;
}

export const text: string = rhyme();
export const alphabet: readonly string[] = [...new Set(text)].sort();
const codes = new Map(alphabet.map((letter, code) => [letter, code]));
export const encoded: Uint8Array = Uint8Array.from(text, (letter) => codes.get(letter) as number);
