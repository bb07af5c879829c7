import { expect, it } from "vitest";
import { isAllCpus } from "../../provider/resources/virtual-machine/features/cpu-tune.js";

it("a pin that leaves all CPUs of the host is none, be it of more than there are; of as many others it is one", () => {
  for (const cpus of ["0-1", "0-3", "0,1,16383"]) expect(isAllCpus(cpus, 2)).toBe(true);
  for (const cpus of ["1-3", "2,3", "0,16383", "1"]) expect(isAllCpus(cpus, 2)).toBe(false);
});
