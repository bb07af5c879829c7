import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { network } from "../../provider/resources/network/index.js";
import { labAvailable } from "../hosts/lab.js";
import { portOfGuest, startOpenVswitch } from "../hosts/open-vswitch.js";
import { NetworkGuest } from "./network-guest.js";
import { Declared, StorageWorld } from "./storage-world.js";
import { WalkedMachine } from "./walked-machine.js";

const { available, missing } = labAvailable(["ovs-vsctl", "openvswitch-switch"]);
const MAC = "52:54:00:78:00:01";

describe.skipIf(!available)(`networks of every mode on real hosts ${missing.join("; ")}`, () => {
  let world: StorageWorld;
  beforeAll(async () => {
    world = await StorageWorld.up("netmodes");
    await startOpenVswitch(world.host("alpha"), "ovsbr0");
    // What guests are put on: one end of a wire each, the other of which is outside.
    await world
      .host("alpha")
      .shell(
        "for i in 0 1; do ip link add nic$i type veth peer name out$i; ip link set nic$i up; ip link set out$i up; done",
      );
  });
  afterAll(() => world?.lab.close());

  it("give a guest on Open vSwitch a VLAN and limits of its own while it counts", async () => {
    const nic = { bridge: "ovsbr0", virtualPort: { type: "openvswitch" }, mac: MAC };
    await using vm = new WalkedMachine(world, "tagged", { interfaces: [nic] });
    await vm.start();
    const tag = async () => (await portOfGuest(vm.host, "ovsbr0")).tag;
    expect(await tag()).toEqual([]);
    await vm.change({
      inputs: { interfaces: [{ ...nic, vlan: 42 }] },
      announced: [`interfaces[${MAC}].vlan none -> 42, live`],
    });
    expect(await tag()).toBe(42);
    await vm.change({
      inputs: { interfaces: [nic] },
      announced: [`interfaces[${MAC}].vlan 42 -> none, live`],
    });
    expect(await tag()).toEqual([]);
    // Other than on a bridge of the kernel it is the switch, and not tc, that keeps them.
    await vm.change({
      inputs: { interfaces: [{ ...nic, bandwidth: { outbound: { average: 256_000 } } }] },
      announced: [`interfaces[${MAC}].bandwidth none -> out 256 kB/s, live`],
    });
    const policing = await vm.host.shell("ovs-vsctl --bare --columns=ingress_policing_rate list interface");
    expect(policing).toMatch(/^2048$/m);
    // Without VLANs of its own any more it has its network's, at once, as that network's plan would have it.
    const vlans = new Declared(network);
    const declared = inputsOf("fives", { mode: "ovs", bridge: "ovsbr0", vlan: 5 });
    await vlans.up(declared);
    const plugged = { network: "fives", mac: MAC };
    await vm.change({
      inputs: { interfaces: [{ ...plugged, vlan: 42 }], restartPolicy: "whenNeeded" },
      announced: [
        /source bridge ovsbr0 -> network fives, at the next boot$/,
        /vlan none -> 42, at the next boot$/,
        /virtualPort .* -> none, at the next boot$/,
        /bandwidth .* -> none, live$/,
        /^restart the guest for /,
      ],
    });
    expect(await tag()).toBe(42);
    await vm.change({
      inputs: { interfaces: [plugged] },
      announced: [`interfaces[${MAC}].vlan 42 -> 5, live`],
    });
    expect(await tag()).toBe(5);
    await settled(vlans, declared);
    await vm.declared.up({ ...vm.inputs, powerState: "stopped" });
    await vlans.remove();
  });

  const inputsOf = (name: string, more: object = {}) => ({
    pulumiUrn: `urn:pulumi:lab::test::pulumi-nodejs:dynamic/kvm:Network::${name}`,
    name,
    hosts: { alpha: world.connection("alpha") },
    credentials: { alpha: world.credentials },
    ...more,
  });
  const virsh = (...words: string[]) => world.host("alpha").virsh(...words);
  const shell = (line: string) => world.host("alpha").shell(line);
  const xmlOf = (name: string, ...flags: string[]) => virsh("net-dumpxml", name, ...flags);
  const settled = async (declared: Declared, inputs: object) =>
    expect(await declared.preview({ ...inputs })).toEqual({
      effects: [],
      refusals: [],
      diff: { changes: false },
    });
  const guestIn = (source: string, defined = false) =>
    NetworkGuest.start(world.host("alpha"), source, { mac: MAC, defined });
  const pings = async (host: string, ...target: string[]) => {
    const once = ["busybox", "ping", "-c", "1", "-W", "1", ...target];
    for (let attempt = 0; attempt < 15; attempt++) {
      if ((await world.host(host).exec(once)).exitCode === 0) return true;
      await sleep(200);
    }
    return false;
  };
  /** What the network's DNS server says, in lines of values. */
  const ask = async (server: string, name: string, type = "a") => {
    const result = await world.host("alpha").exec(["busybox", "nslookup", `-type=${type}`, name, server]);
    const answers = result.stdout.split("\n").filter((line) => line.startsWith(name));
    const values = [...result.stdout.matchAll(/^Address(?: \d+)?: (\S+)$/gm)].map(([, value]) => value);
    return [...answers.map((line) => line.replace(/^\S+\s+/, "")), ...values].filter(
      (value) => value !== undefined && !value.endsWith(":53"),
    );
  };

  it("has all that DHCP, DNS, routes and translation can be told, in both families; entries change live", async () => {
    const rich = new Declared(network);
    const base = {
      mode: "nat",
      cidr: "10.78.0.1/24",
      ipv6: { cidr: "FD00:78:0::1/64", dhcp: true },
      addresses: ["10.78.1.1/25", "fd00:78:1::1/64"],
      forwardDevice: "br0",
      nat: { ports: { start: 2000, end: 3000 }, ipv6: true },
      stp: false,
      forwardDelay: "3s",
      mac: "52:54:00:78:FF:01",
      mtu: 1400,
      routes: [
        { cidr: "192.168.78.0/24", gateway: "10.78.0.2", metric: 5 },
        { cidr: "fd00:79::/48", gateway: "fd00:78::2" },
      ],
      domain: { name: "rich.test", localOnly: true },
      dhcp: {
        ranges: [
          { start: "10.78.0.10", end: "10.78.0.19" },
          { start: "10.78.0.30", end: "10.78.0.39" },
        ],
        hosts: [{ mac: MAC, address: "10.78.0.50", name: "ticker" }],
        leaseTime: "2h",
      },
      dns: {
        hosts: [{ address: "10.78.0.7", names: ["seven.rich.test", "vii"] }],
        txt: [{ name: "_note.rich.test", value: "v=1 a=b" }],
        srv: [
          { service: "ldap", protocol: "tcp", domain: "rich.test", target: "seven.rich.test", port: 389 },
        ],
        forwarders: [{ address: "127.0.0.9", domain: "corp.test" }],
      },
    };
    const inputs = inputsOf("rich", base);
    expect(await rich.up(inputs)).toEqual(["create network rich on alpha (new)"]);
    await settled(rich, inputs);
    const { alpha: bridge } = rich.state.bridges as Record<string, string>;
    const addresses = await shell(`ip -o addr show ${bridge}`);
    for (const address of ["10.78.0.1/24", "10.78.1.1/25", "fd00:78::1/64", "fd00:78:1::1/64"])
      expect(addresses).toContain(` ${address} `);
    expect(await shell(`ip -d link show ${bridge}`)).toMatch(/mtu 1400.*52:54:00:78:ff:01.*stp_state 0/s);
    expect(await shell("ip route; ip -6 route")).toMatch(
      /192\.168\.78\.0\/24 via 10\.78\.0\.2 .*metric 5.*fd00:79::\/48 via fd00:78::2/s,
    );
    expect(await shell("iptables-save; ip6tables-save")).toMatch(
      /-s 10\.78\.0\.0\/24 .*-o br0 .*MASQUERADE --to-ports 2000-3000.*-s fd00:78::\/64 .*MASQUERADE/s,
    );
    const configuration = () => world.host("alpha").readFile("/var/lib/libvirt/dnsmasq/rich.conf");
    expect(await configuration()).toMatch(/dhcp-range=10\.78\.0\.30,10\.78\.0\.39,255\.255\.255\.0,7200s/);
    expect(await configuration()).toMatch(
      /local=\/rich\.test\/.*dhcp-range=fd00:78::2,fd00:78::ffff,64.*enable-ra/s,
    );
    expect(await ask("10.78.0.1", "vii")).toEqual(["10.78.0.7"]);
    expect(await ask("10.78.0.1", "_note.rich.test", "txt")).toEqual(['text = "v=1 a=b"']);
    expect(await ask("10.78.0.1", "_ldap._tcp.rich.test", "srv")).toEqual([
      "service = 0 0 389 seven.rich.test",
    ]);

    await using guest = await guestIn("<source network='rich'/>");
    expect(await guest.address()).toBe("10.78.0.50");
    // Added by hand, and nothing that the program knows of.
    await virsh(
      "net-update",
      "rich",
      "add",
      "dns-txt",
      "<txt name='hand' value='made'/>",
      "--live",
      "--config",
    );
    const options =
      "<x:options xmlns:x='http://libvirt.org/schemas/network/dnsmasq/1.0'><x:option value='min-port=2000'/></x:options>";
    const extended = (await xmlOf("rich", "--inactive")).replace("</network>", `${options}</network>`);
    await world.host("alpha").writeFile("/run/rich.xml", extended);
    await virsh("net-define", "/run/rich.xml");
    const changed = inputsOf("rich", {
      ...base,
      ipv6: {
        cidr: "fd00:78::1/64",
        dhcp: { hosts: [{ duid: "00:03:00:01:52:54:00:78:00:01", name: "six", address: "fd00:78::50" }] },
      },
      dhcp: { ...base.dhcp, leaseTime: "infinite" },
      dns: {
        ...base.dns,
        hosts: [
          { address: "10.78.0.7", names: ["vii"] },
          { address: "10.78.0.8", names: ["eight"] },
        ],
        txt: [{ name: "_note.rich.test", value: "v=2" }],
        srv: [],
      },
    });
    expect(await rich.up(changed)).toEqual([
      "dhcp range 10.78.0.10-10.78.0.19 for 7200 s -> 10.78.0.10-10.78.0.19 for good, live on alpha",
      "dhcp range 10.78.0.30-10.78.0.39 for 7200 s -> 10.78.0.30-10.78.0.39 for good, live on alpha",
      `dhcp host 10.78.0.50 ${MAC} ticker for 7200 s -> ${MAC} ticker for good, live on alpha`,
      "dhcp host fd00:78::50 none -> 00:03:00:01:52:54:00:78:00:01 six, live on alpha",
      "dns host 10.78.0.7 seven.rich.test,vii -> vii, live on alpha",
      "dns host 10.78.0.8 none -> eight, live on alpha",
      "dns txt _note.rich.test v=1 a=b -> none, live on alpha",
      "dns txt hand made -> none, live on alpha",
      "dns txt _note.rich.test none -> v=2, live on alpha",
      "dns srv ldap/tcp of rich.test at seven.rich.test:389 -> none, live on alpha",
    ]);
    await settled(rich, changed);
    for (const flags of [[], ["--inactive"]]) expect(await xmlOf("rich", ...flags)).toContain("six");
    expect(await xmlOf("rich", "--inactive")).toContain("option value='min-port=2000'/>");
    expect(await configuration()).toContain("dhcp-range=10.78.0.30,10.78.0.39,255.255.255.0,infinite");
    expect(await ask("fd00:78::1", "eight")).toEqual(["10.78.0.8"]);
    expect(await ask("10.78.0.1", "seven.rich.test")).toEqual([]);
    expect(await ask("10.78.0.1", "_note.rich.test", "txt")).toEqual(['text = "v=2"']);
    expect(await pings("alpha", "10.78.0.50")).toBe(true);
    // A name at two addresses is more than libvirt takes while the network runs.
    const twice = {
      ...changed,
      dns: {
        hosts: [
          { address: "10.78.0.7", names: ["vii"] },
          { address: "fd00:78::7", names: ["vii"] },
        ],
      },
    };
    expect((await rich.preview(twice)).refusals[0]).toMatch(
      /network rich on alpha has to restart for .*dns host fd00:78::7 none -> vii.*and ticker is running and attached; set restartPolicy/,
    );
    // What isn't declared any more goes back to what libvirt has without.
    const plain = inputsOf("rich", { mode: "nat", cidr: "10.78.0.1/24", restartPolicy: "whenNeeded" });
    await rich.up(plain);
    await settled(rich, plain);
    const bare = await xmlOf("rich", "--inactive");
    expect(bare).toContain("option value='min-port=2000'/>");
    expect(await configuration()).toContain("min-port=2000");
    expect(bare).toMatch(/<forward mode='nat'\/>\s*<bridge name='\S+' stp='on' delay='0'\/>/);
    expect(bare).not.toMatch(/<(?:mtu|domain|route|nat|host|txt|srv|dhcp)\b|ipv6|10\.78\.1\.1/);
    expect(await pings("alpha", "10.78.0.50")).toBe(true);
    const elsewhere = { ...plain, cidr: "10.79.0.1/24" };
    await shell(`ip route add 10.79.0.0/24 via ${world.lab.gateway}`);
    expect((await rich.preview(elsewhere)).refusals).toEqual([
      "cidr 10.79.0.1/24 of network rich is a subnet to which alpha has a route already, over device br0; choose addresses of its own, or take that route away",
    ]);
    await shell(`ip route del 10.79.0.0/24 via ${world.lab.gateway}`);
    // One that can't start as it should be runs as it did, and nobody is without a link.
    await shell("ip address add 10.79.0.1/32 dev lo");
    const resolver = shell(`python3 -c '
import os, socket, time
taken = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
taken.bind(("10.79.0.1", 53))
open("/run/port-taken", "w")
while not os.path.exists("/run/port-free"): time.sleep(0.05)'`);
    await shell("for i in $(seq 600); do [ ! -e /run/port-taken ] || exit 0; sleep 0.05; done; exit 1");
    await expect(rich.up(elsewhere)).rejects.toThrow(
      /network rich on alpha can't start as declared, and runs as before: .*already in use/,
    );
    expect(await xmlOf("rich")).toContain("address='10.78.0.1'");
    expect(await xmlOf("rich", "--inactive")).toContain("address='10.78.0.1'");
    expect(await pings("alpha", "10.78.0.50")).toBe(true);
    await shell("touch /run/port-free; ip address del 10.79.0.1/32 dev lo");
    await resolver;
    await rich.up(plain);
    await settled(rich, plain);
    await virsh("destroy", "ticker");
    await rich.remove();
  });

  it("lets in what a route leads to, and from an isolated network nothing", async () => {
    const routed = new Declared(network);
    const inputs = inputsOf("routed", {
      mode: "route",
      cidr: "10.78.2.1/24",
      ipv6: { cidr: "fd00:78:2::1/64" },
      forwardDevice: "br0",
      dhcp: true,
    });
    await routed.up(inputs);
    await settled(routed, inputs);
    await world.host("beta").shell(`ip route add 10.78.2.0/24 via ${world.host("alpha").address}`);
    await using guest = await guestIn("<source network='routed'/>");
    const address = await guest.address();
    expect(await pings("beta", address)).toBe(true);
    // What it made of the router's advertisements.
    expect(await pings("alpha", "fd00:78:2::5054:ff:fe78:1")).toBe(true);
    const isolated = inputsOf("routed", { mode: "isolated", cidr: "10.78.2.1/24", dhcp: true });
    expect((await routed.preview(isolated)).refusals).toEqual([
      'network routed on alpha has to restart for mode route -> isolated, device br0 -> none, ipv6 fd00:78:2::1/64 -> none, and ticker is running and attached; set restartPolicy: "whenNeeded" to cut their link for some seconds, or stop them first',
    ]);
    await routed.up({ ...isolated, restartPolicy: "whenNeeded" });
    expect(await pings("alpha", address)).toBe(true);
    const outside = await world.host("beta").exec(["busybox", "ping", "-c", "2", "-W", "1", address]);
    expect(outside.exitCode).toBe(1);
    await virsh("destroy", "ticker");
    const open = inputsOf("routed", {
      mode: "open",
      cidr: "10.78.2.1/24",
      ipv6: { cidr: "fd00:78:2::1/80" },
    });
    await routed.up(open);
    await settled(routed, open);
    await routed.remove();
  });

  it("puts guests on devices of the host, and leaves them there", async () => {
    // There is no udev that would make what macvtap is read by.
    const nodes = world.host("alpha").shell(
      `for i in $(seq 600); do for file in /sys/class/net/macvtap*/tap*/dev; do [ -e "$file" ] || continue
          node=/dev/$(basename $(dirname $file)); [ -e $node ] || { IFS=: read major minor <$file; mknod $node c $major $minor; }
        done; [ ! -e /run/no-more-taps ] || break; sleep 0.05; done`,
    );
    const taps = new Declared(network);
    const inputs = (more: object) => inputsOf("taps", { mode: "macvtap", ...more });
    await expect(taps.up(inputs({ forwardDevice: "nosuch0" }))).rejects.toThrow(
      /there is no device nosuch0 on alpha, on which network taps is to be/,
    );
    await taps.up(inputs({ forwardDevice: "nic0" }));
    await settled(taps, inputs({ forwardDevice: "nic0" }));
    expect(taps.state.bridges).toEqual({});
    {
      await using guest = await guestIn("<source network='taps'/>");
      await guest.watch.untilLine(/^tick 2 /);
      const reaches = () => pings("alpha", "-I", "out0", "fe80::5054:ff:fe78:1");
      expect(await reaches()).toBe(true);
      // Stopped by hand, it is started; nobody lost a link.
      await virsh("net-destroy", "taps");
      expect(await taps.up(inputs({ forwardDevice: "nic0" }))).toEqual([
        "start network taps on alpha (it is stopped)",
      ]);
      const two = inputs({ forwardDevices: ["nic0", "nic1"] });
      expect(await taps.up(two)).toEqual(["device none -> nic1, live on alpha"]);
      for (const flags of [[], ["--inactive"]])
        expect(await xmlOf("taps", ...flags)).toMatch(/<forward dev='nic0' mode='bridge'>.*nic0.*nic1/s);
      await settled(taps, two);
      const wayOut =
        "and ticker is running and attached; libvirt can't plug a running VM into or out of Open vSwitch or macvtap: stop them first, or make another network and move them there";
      expect(
        (await taps.preview(inputs({ forwardDevice: "nic1", restartPolicy: "whenNeeded" }))).refusals,
      ).toEqual([`network taps on alpha has to restart for device nic0 -> none, ${wayOut}`]);
      const vepa = inputs({
        forwardDevices: ["nic0", "nic1"],
        macvtapMode: "vepa",
        restartPolicy: "whenNeeded",
      });
      expect((await taps.preview(vepa)).refusals).toEqual([
        `network taps on alpha has to restart for mode bridge -> vepa, ${wayOut}`,
      ]);
      expect(await reaches()).toBe(true);
    }
    await taps.up(inputs({ forwardDevice: "nic1", macvtapMode: "private" }));
    expect(await xmlOf("taps")).toMatch(
      /<forward dev='nic1' mode='private'>\s*<interface dev='nic1'\/>\s*<\/forward>/,
    );
    const vlan = inputs({ forwardDevice: "nic1", macvtapMode: "passthrough", vlan: 7 });
    await taps.up(vlan);
    await settled(taps, vlan);
    await taps.remove();
    await shell("touch /run/no-more-taps");
    await nodes;
  });

  it("stands for a bridge of Open vSwitch, and takes running guests to other VLANs", async () => {
    const alpha = world.host("alpha");
    const vlans = new Declared(network);
    const inputs = (more: object) => inputsOf("vlans", { mode: "ovs", bridge: "ovsbr0", ...more });
    await vlans.up(inputs({ vlan: 42 }));
    expect(vlans.state.bridges).toEqual({ alpha: "ovsbr0" });
    await settled(vlans, inputs({ vlan: 42 }));
    {
      await using guest = await guestIn("<source network='vlans'/>", true);
      await guest.watch.untilLine(/^tick 2 /);
      expect(await portOfGuest(alpha, "ovsbr0")).toEqual({ tag: 42, trunks: [], mode: undefined });
      expect((await vlans.preview(inputs({ vlan: 43 }))).refusals).toEqual([
        'network vlans on alpha has to restart for vlan 42 -> 43, and ticker is running and attached; set restartPolicy: "whenNeeded" to have them go over to it while they run, or stop them first',
      ]);
      const moved = inputs({ vlan: 43, restartPolicy: "whenNeeded" });
      expect(await vlans.up(moved)).toEqual([
        "restart network vlans on alpha for vlan 42 -> 43: ticker goes over to it as it runs",
      ]);
      expect(await portOfGuest(alpha, "ovsbr0")).toEqual({ tag: 43, trunks: [], mode: undefined });
      await settled(vlans, moved);
      // A run that was cut off after the restart left the guest where it was.
      const cut = (await guest.interfaceXml()).replace(/<tag id='43'\/>/, "<tag id='9'/>");
      await alpha.writeFile(
        "/run/cut.xml",
        cut.replace(/type='bridge'/, "type='network'").replace(/ bridge='[^']*'/, ""),
      );
      await virsh("update-device", "ticker", "/run/cut.xml", "--live");
      expect((await portOfGuest(alpha, "ovsbr0")).tag).toBe(9);
      expect(await vlans.up(moved)).toEqual(["plug ticker into network vlans again on alpha, live"]);
      expect((await portOfGuest(alpha, "ovsbr0")).tag).toBe(43);
      // Its default portgroup is now what counts for it; one that nobody uses comes and goes without a restart.
      const trunk = { trunk: [43, 47], native: 47, nativeMode: "untagged" };
      const groups = (...portgroups: object[]) =>
        inputs({ vlan: 43, restartPolicy: "whenNeeded", portgroups });
      await vlans.up(groups({ name: "all", default: true, vlan: trunk }));
      expect(await portOfGuest(alpha, "ovsbr0")).toEqual({
        tag: 47,
        trunks: [43, 47],
        mode: "native-untagged",
      });
      const two = groups({ name: "all", default: true, vlan: trunk }, { name: "free", vlan: 5 });
      expect(await vlans.up(two)).toEqual(["portgroup free none -> vlan 5, live on alpha"]);
      await settled(vlans, two);
      // Without VLANs, and with what the guest never had: another bridge.
      await vlans.up(inputs({ restartPolicy: "whenNeeded" }));
      expect(await portOfGuest(alpha, "ovsbr0")).toEqual({ tag: [], trunks: [], mode: undefined });
      expect(
        (
          await vlans.preview(
            inputsOf("vlans", { mode: "bridge", bridge: "br0", restartPolicy: "whenNeeded" }),
          )
        ).refusals,
      ).toEqual([
        "network vlans on alpha has to restart for bridge ovsbr0 -> br0, virtual port openvswitch -> none, and ticker is running and attached; libvirt can't plug a running VM into or out of Open vSwitch or macvtap: stop them first, or make another network and move them there",
      ]);
      // The guest went on all the while.
      expect((await shell("grep -c '^tick 0 ' /var/log/libvirt/qemu/ticker-console.log")).trim()).toBe("1");
    }
    await vlans.remove();
  });

  it.each([
    [
      "theirnat",
      `<forward mode='nat' dev='br0'><nat><address start='192.0.2.1' end='192.0.2.9'/></nat></forward><bridge name='theirbr0' stp='off' delay='2'/>
       <mac address='52:54:00:78:aa:01'/><domain name='their.test' localOnly='yes'/><dns forwardPlainNames='no'><forwarder domain='corp'/><txt name='a' value='b'/></dns>
       <ip address='10.78.5.1' netmask='255.255.255.0'><tftp root='/srv'/><dhcp><range start='10.78.5.9' end='10.78.5.19'><lease expiry='3' unit='hours'/></range><bootp file='x'/></dhcp></ip>
       <ip address='10.78.6.1' prefix='24'/><ip family='ipv6' address='fd00:78:5::1' prefix='64'/><route address='10.99.0.0' prefix='16' gateway='10.78.5.2'/>`,
      {
        mode: "nat",
        cidr: "10.78.5.1/24",
        dhcp: { start: "10.78.5.9", end: "10.78.5.19", leaseTime: "180m" },
      },
    ],
    [
      "theirroute",
      "<forward mode='route'/><bridge name='theirbr1'/><ip family='ipv6' address='fd00:78:7::1' prefix='64'><dhcp><host name='a' ip='fd00:78:7::9'/></dhcp></ip>",
      { mode: "route" },
    ],
    [
      "theirovs",
      "<forward mode='bridge'/><bridge name='ovsbr0'/><virtualport type='openvswitch'><parameters profileid='web'/></virtualport><vlan trunk='yes'><tag id='5' nativeMode='tagged'/><tag id='6'/></vlan><portgroup name='slow'><bandwidth><inbound average='10'/></bandwidth></portgroup>",
      { mode: "ovs", bridge: "ovsbr0", vlan: { trunk: [5, 6], native: 5, nativeMode: "tagged" } },
    ],
    ["theirtap", "<forward mode='private' dev='nic0'/>", { mode: "macvtap", forwardDevice: "nic0" }],
  ])("takes %s over as it is", async (name, body, declared) => {
    await world.host("alpha").writeFile("/run/theirs.xml", `<network><name>${name}</name>${body}</network>`);
    await virsh("net-define", "/run/theirs.xml");
    await virsh("net-start", name);
    const [live, definition] = [await xmlOf(name), await xmlOf(name, "--inactive")];
    const theirs = new Declared(network);
    const inputs = inputsOf(name, { ...declared, adopt: true });
    expect(await theirs.up(inputs)).toEqual([`take over ${name} on alpha as it is, no guest notices`]);
    expect(await xmlOf(name)).toBe(live);
    expect((await xmlOf(name, "--inactive")).replace(/ *<metadata>[\s\S]*<\/metadata>\n/, "")).toBe(
      definition,
    );
    await settled(theirs, inputs);
    await theirs.remove();
  });
});
