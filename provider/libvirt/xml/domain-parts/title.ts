import { childText, setChildText } from "../element.js";
import type { DomainPart } from "./part.js";

/** A short text that people see beside the name. */
export const title: DomainPart<string> = {
  read: (domain) => childText(domain, "title"),
  write: (domain, value) => setChildText(domain, "title", value, ["name", "uuid", "genid"]),
};
