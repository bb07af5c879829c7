import { quoteCommand } from "../ssh/quote.js";

/** A virsh command for people, which can be pasted whatever things are called. */
export function virsh(...words: string[]): string {
  return quoteCommand(["virsh", ...words]);
}
