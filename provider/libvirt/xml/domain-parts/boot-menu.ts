import { attributeOf, childElement, ensureChild, removeChildren, setAttribute } from "../element.js";
import { parseCount, withoutUndefined } from "../value.js";
import type { DomainPart } from "./part.js";

/** Whether the firmware shows a menu, and for how long. */
export interface BootMenu {
  enabled: boolean;
  timeoutMs?: number;
}

export const bootMenu: DomainPart<BootMenu> = {
  read: (domain) => {
    const menu = childElement(childElement(domain, "os"), "bootmenu");
    const enable = attributeOf(menu, "enable");
    if (enable === undefined) return undefined;
    return withoutUndefined({
      enabled: enable === "yes",
      timeoutMs: parseCount(attributeOf(menu, "timeout")),
    });
  },
  write: (domain, value) => {
    const os = ensureChild(domain, "os");
    if (value === undefined) {
      removeChildren(os, "bootmenu");
      return;
    }
    const menu = ensureChild(os, "bootmenu");
    setAttribute(menu, "enable", value.enabled ? "yes" : "no");
    setAttribute(menu, "timeout", value.timeoutMs?.toString());
  },
};
