import { expect, it } from "vitest";
import { type DomainModel, parseDomain, patchDomain } from "../../provider/libvirt/xml/index.js";

const domain = (devices: string) =>
  `<domain type="qemu"><name>web</name><memory>1</memory><vcpu>1</vcpu><os><type machine="pc">hvm</type></os><devices>${devices}</devices></domain>`;
const first = `<serial type="dev"><source path="/dev/ttyS2"/><target type="isa-serial" port="1"/></serial>`;
const second = (type: string, parts: string) =>
  `<serial type="${type}">${parts}<target type="isa-serial" port="0"><model name="isa-serial"/></target><alias name="ua-log"/></serial>`;
const file = (path: string, log = "") => second("file", `<source path="${path}" append="on"/>${log}`);

/** As it was written here. */
function patched(xml: string, serialPorts: NonNullable<DomainModel["serialPorts"]>): string {
  return patchDomain(xml, { ...parseDomain(xml), serialPorts })
    .replace(/\n */g, "")
    .replaceAll("'", '"');
}

it("a serial port that changes is the same to the guest, and keeps what no input says", () => {
  const xml = domain(first + file("/a"));
  const made = (port: object) => patched(xml, [{ type: "file", path: "/a", ...port }]);
  expect(made({})).toBe(xml);
  expect(made({ path: "/b" })).toBe(domain(first + file("/b")));
  expect(made({ log: "/c" })).toBe(domain(first + file("/a", '<log file="/c" append="on"/>')));
  expect(made({ type: "pty", path: undefined })).toBe(domain(first + second("pty", "")));
  const tcp = { type: "tcp", path: undefined, mode: "bind", host: "::1", service: "99", protocol: "telnet" };
  const xmlOfTcp = made(tcp);
  expect(parseDomain(xmlOfTcp).serialPorts).toEqual([
    { type: "tcp", mode: "bind", host: "::1", service: "99", protocol: "telnet" },
  ]);
  expect(xmlOfTcp).toContain('port="0"');
});

it("a serial port that comes has a number that none has", () => {
  const xml = domain(first + file("/a"));
  const serialPorts = [{ type: "file", path: "/a" }, { type: "pty" }];
  expect(patched(xml, serialPorts)).toContain('<target port="2"/>');
});
