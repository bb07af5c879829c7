/**
 * One command line for a POSIX shell that runs exactly this argv. sshd hands a command to the user's login shell as
 * text; there is no argv in the protocol, so this is the only place where words become a command line.
 *
 * @throws RangeError when the command is empty or a word holds a NUL, which no argv can carry.
 */
export function quoteCommand(command: readonly string[]): string {
  if (command.length === 0) throw new RangeError("a remote command needs at least one word");
  return command.map(quoteWord).join(" ");
}

// A first word without quotes could be an alias or a keyword ("if", "time", "a=b"), so every word is quoted unless
// it is made of characters that mean nothing anywhere, and such a word first in line is a plain name anyway.
const HARMLESS = /^[A-Za-z0-9_/.:@%+-]+$/;

function quoteWord(word: string): string {
  if (word.includes("\0")) throw new RangeError("a word of a remote command holds a NUL character");
  if (HARMLESS.test(word) && !KEYWORDS.has(word)) return word;
  return `'${word.replaceAll("'", "'\\''")}'`;
}

const KEYWORDS = new Set(
  "if then else elif fi do done case esac while until for in function select time coproc".split(" "),
);
