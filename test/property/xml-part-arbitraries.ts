import fc from "fast-check";
import type { DomainPartName, DomainPartValues } from "../../provider/libvirt/xml/domain-parts/index.js";

const text = fc.string({ minLength: 1, maxLength: 20, unit: fc.constantFrom(..."ab <>&\"'é雪") });

/** Values of every part of the domain model, in the form in which they are read back. */
export const domainPartValues: { [Name in DomainPartName]: fc.Arbitrary<DomainPartValues[Name]> } = {
  title: fc.option(text, { nil: undefined }),
  watchdog: fc.option(
    fc.record({
      model: fc.constantFrom("i6300esb", "ib700"),
      action: fc.constantFrom("reset", "shutdown", "poweroff", "pause", "none", "dump", "inject-nmi"),
    }),
    { nil: undefined },
  ),
};
