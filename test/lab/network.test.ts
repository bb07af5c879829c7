import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { network } from "../../provider/resources/network/index.js";
import { labAvailable } from "../hosts/lab.js";
import { NetworkGuest } from "./network-guest.js";
import { Declared, StorageWorld } from "./storage-world.js";

const { available, missing } = labAvailable();
const MAC = "52:54:00:77:00:01";

describe.skipIf(!available)(`networks on real hosts ${missing.join("; ")}`, () => {
  let world: StorageWorld;
  beforeAll(async () => {
    world = await StorageWorld.up("networks");
  });
  afterAll(() => world?.lab.close());

  const inputsOf = (name: string, more: object = {}, hosts = ["alpha"], resource = name) => ({
    pulumiUrn: `urn:pulumi:lab::test::pulumi-nodejs:dynamic/kvm:Network::${resource}`,
    name,
    hosts: Object.fromEntries(hosts.map((host) => [host, world.connection(host)])),
    credentials: Object.fromEntries(hosts.map((host) => [host, world.credentials])),
    mode: "nat",
    ...more,
  });
  const virsh = (host: string, ...words: string[]) => world.host(host).virsh(...words);
  const xmlOf = (name: string, host = "alpha", ...flags: string[]) =>
    virsh(host, "net-dumpxml", name, ...flags);
  const namesOn = async (host: string) =>
    (await virsh(host, "net-list", "--all", "--name")).split("\n").map((line) => line.trim());
  const settled = async (declared: Declared, inputs: object) =>
    expect(await declared.preview({ ...inputs })).toEqual({
      effects: [],
      refusals: [],
      diff: { changes: false },
    });
  /** Bridges with spanning tree let packets through four seconds after an interface is plugged in. */
  const pings = async (address: string) => {
    const once = ["busybox", "ping", "-c", "1", "-W", "1", address];
    for (let attempt = 0; attempt < 10; attempt++)
      if ((await world.host("alpha").exec(once)).exitCode === 0) return true;
    return false;
  };

  const guestIn = (source: string) => NetworkGuest.start(world.host("alpha"), source, { mac: MAC });

  it("makes a network on each host, gives guests addresses, and leaves nothing of it", async () => {
    const lan = new Declared(network);
    const folders = "/var/lib/libvirt/dnsmasq /etc/libvirt/qemu/networks /run/libvirt/network";
    // libvirt 9.0 leaves the file with dnsmasq's process id until the host restarts.
    const leftOn = (host: string) =>
      world
        .host(host)
        .shell(
          `find ${folders} -type f ! -name '*.pid' | sort; ls /sys/class/net; iptables-save | grep -c 10.77 || true`,
        );
    const before = await Promise.all(["alpha", "beta"].map(leftOn));
    const inputs = inputsOf("lan", { cidr: "10.77.0.1/24", dhcp: true, domain: "lab.test" }, [
      "alpha",
      "beta",
    ]);
    expect(await lan.up(inputs)).toEqual([
      "create network lan on alpha (new)",
      "create network lan on beta (new)",
    ]);
    const uuids = lan.state.uuids as Record<string, string>;
    const bridges = lan.state.bridges as Record<string, string>;
    for (const host of ["alpha", "beta"]) {
      const about = await virsh(host, "net-info", "lan");
      expect(about).toMatch(/Active:\s+yes/);
      expect(about).toMatch(/Autostart:\s+yes/);
      expect(about).toContain(uuids[host]);
      expect(about).toContain(bridges[host]);
      expect(await xmlOf("lan", host)).toContain(`nonce="${lan.state.nonce}"`);
    }
    await settled(lan, inputs);
    expect(await lan.read()).toBe("lan");
    {
      await using guest = await guestIn("<source network='lan'/>");
      const address = await guest.address();
      expect(address).toMatch(/^10\.77\.0\./);
      expect(await pings(address)).toBe(true);
      await expect(lan.remove()).rejects.toThrow(
        /network lan on alpha isn't removed: ticker is running and attached.* or set retainOnDelete to leave the network/,
      );
      for (const host of ["alpha", "beta"]) expect(await namesOn(host)).toContain("lan");
    }
    await lan.remove();
    for (const host of ["alpha", "beta"]) {
      expect(await namesOn(host)).not.toContain("lan");
    }
    expect(await Promise.all(["alpha", "beta"].map(leftOn))).toEqual(before);
    await lan.remove();
  });

  it("changes what DHCP hands out while a guest runs on", async () => {
    const live = new Declared(network);
    const inputs = (dhcp: object) => inputsOf("live", { cidr: "10.77.1.1/24", dhcp });
    const before = { start: "10.77.1.10", end: "10.77.1.20" };
    await live.up(inputs(before));
    await using guest = await guestIn("<source network='live'/>");
    const address = await guest.address();
    const uuid = (live.state.uuids as Record<string, string>).alpha;
    const [first, other] = ["52:54:00:77:01:01", "52:54:00:77:01:02"];
    const after = {
      start: "10.77.1.30",
      end: "10.77.1.90",
      hosts: [
        { mac: first, address: "10.77.1.101", name: "one" },
        { mac: other, address: "10.77.1.102" },
      ],
    };
    expect(await live.up(inputs(after))).toEqual([
      "dhcp range 10.77.1.10-10.77.1.20 -> none, live on alpha",
      "dhcp range none -> 10.77.1.30-10.77.1.90, live on alpha",
      `dhcp host 10.77.1.101 none -> ${first} one, live on alpha`,
      `dhcp host 10.77.1.102 none -> ${other}, live on alpha`,
    ]);
    for (const flags of [[], ["--inactive"]]) {
      const xml = await xmlOf("live", "alpha", ...flags);
      expect(xml).toContain("<range start='10.77.1.30' end='10.77.1.90'/>");
      expect(xml).not.toContain("10.77.1.10'");
      expect(xml).toContain(`<host mac='${first}' name='one' ip='10.77.1.101'/>`);
      expect(xml).toContain(uuid);
    }
    const configuration = await world.host("alpha").readFile("/var/lib/libvirt/dnsmasq/live.conf");
    expect(configuration).toContain("dhcp-range=10.77.1.30,10.77.1.90");
    await settled(live, inputs(after));
    // The two change their addresses with each other: neither may clash with the other's old entry.
    const swapped = {
      ...after,
      hosts: [
        { mac: other, address: "10.77.1.101", name: "one" },
        { mac: first, address: "10.77.1.102" },
      ],
    };
    await live.up(inputs(swapped));
    expect(await xmlOf("live")).toContain(`<host mac='${other}' name='one' ip='10.77.1.101'/>`);
    await settled(live, inputs(swapped));
    // What somebody adds by other means stays while the program doesn't speak of fixed addresses ...
    await live.up(inputs(before));
    expect(await xmlOf("live")).not.toContain("<host ");
    const entry = "<host mac='52:54:00:77:01:03' ip='10.77.1.103'/>";
    await virsh("alpha", "net-update", "live", "add", "ip-dhcp-host", entry, "--live", "--config");
    await settled(live, inputs(before));
    // ... and goes when it says that there are none.
    await live.up(inputs({ ...before, hosts: [] }));
    expect(await xmlOf("live")).not.toContain("<host ");
    // Without DHCP, and with it again.
    await live.up(inputsOf("live", { cidr: "10.77.1.1/24" }));
    expect(await xmlOf("live")).not.toContain("<dhcp>");
    await live.up(inputs(before));
    expect(await xmlOf("live")).toContain("<range start='10.77.1.10' end='10.77.1.20'/>");
    expect(await pings(address)).toBe(true);
    expect(
      (await world.host("alpha").shell("grep -c ^address /var/log/libvirt/qemu/ticker-console.log")).trim(),
    ).toBe("1");
  });

  it("restarts for what can't change live only when that is allowed, and the guests keep their link", async () => {
    const moved = new Declared(network);
    const inputs = (more: object) => inputsOf("moved", { cidr: "10.77.2.1/24", dhcp: true, ...more });
    await moved.up(inputs({}));
    await using guest = await guestIn("<source network='moved'/>");
    const address = await guest.address();
    const interfaceBefore = await guest.interfaceXml();
    const wider = { cidr: "10.77.2.1/23", mtu: 1400 };
    const refused = await moved.preview(inputs(wider));
    expect(refused.refusals).toEqual([
      'network moved on alpha has to restart for mtu none -> 1400, cidr prefix 24 -> 23, and ticker is running and attached; set restartPolicy: "whenNeeded" to cut their link for some seconds, or stop them first',
    ]);
    // Nothing else is said of it: none of it will be done.
    expect(moved.said).toEqual([]);
    await expect(moved.apply(inputs(wider))).rejects.toThrow(/has to restart/);
    expect(await xmlOf("moved")).toContain("<ip address='10.77.2.1' prefix='24'>");
    const allowed = inputs({ ...wider, restartPolicy: "whenNeeded" });
    const [effect] = await moved.up(allowed);
    expect(effect).toMatch(/^restart network moved on alpha for .*: ticker loses the link for some seconds$/);
    const xml = await xmlOf("moved");
    expect(xml).toContain("<mtu size='1400'/>");
    expect(await pings(address)).toBe(true);
    expect(await guest.interfaceXml()).toBe(interfaceBefore);
    expect(await namesOn("alpha")).not.toContainEqual(expect.stringContaining("relink"));
    await settled(moved, allowed);
    // A restart that wasn't in the preview isn't done.
    const other = { ...inputs({ ...wider, mtu: 1300, restartPolicy: "whenNeeded" }), effects: [] };
    await expect(moved.apply(other)).rejects.toThrow(/the preview did not say it/);
  });

  it("repairs what was stopped, undefined, edited or cut off by hand", async () => {
    const broken = new Declared(network);
    const inputs = inputsOf("broken", { cidr: "10.77.4.1/24", dhcp: true });
    await broken.up(inputs);
    const { uuids } = broken.state;
    await virsh("alpha", "net-destroy", "broken");
    expect(await broken.up(inputs)).toEqual(["start network broken on alpha (it is stopped)"]);
    await virsh("alpha", "net-autostart", "broken", "--disable");
    expect(await broken.up(inputs)).toEqual(["start network broken with its host, on alpha"]);
    await using guest = await guestIn("<source network='broken'/>");
    const address = await guest.address();
    // Without the definition it runs on until it is stopped.
    await virsh("alpha", "net-undefine", "broken");
    expect(await broken.up(inputs)).toEqual(["create network broken on alpha (its definition is gone)"]);
    expect(await virsh("alpha", "net-info", "broken")).toMatch(/Persistent:\s+yes\s+Autostart:\s+yes/);
    await settled(broken, inputs);
    // Stopped and started by hand: libvirt leaves the guest outside.
    await virsh("alpha", "net-destroy", "broken");
    await virsh("alpha", "net-start", "broken");
    expect(await pings(address)).toBe(false);
    expect(await broken.up(inputs)).toEqual(["plug ticker into network broken again on alpha, live"]);
    expect(await pings(address)).toBe(true);
    await settled(broken, inputs);
    // Gone altogether, under a running guest.
    await virsh("alpha", "net-destroy", "broken");
    await virsh("alpha", "net-undefine", "broken");
    expect(await broken.up(inputs)).toEqual([
      "create network broken on alpha (it is gone from its host)",
      "plug ticker into network broken again on alpha, live",
    ]);
    expect(broken.state.uuids).toEqual(uuids);
    expect(await pings(address)).toBe(true);
    await settled(broken, inputs);
    // A definition that was edited and not started yet needs no restart to be as declared again.
    const edited = (await xmlOf("broken", "alpha", "--inactive")).replace("10.77.4.1'", "10.77.5.1'");
    await world.host("alpha").writeFile("/run/edited.xml", edited.replace(/<dhcp>[\s\S]*<\/dhcp>/, ""));
    await virsh("alpha", "net-define", "/run/edited.xml");
    await broken.up(inputs);
    expect(await xmlOf("broken", "alpha", "--inactive")).toContain("address='10.77.4.1'");
    expect(await pings(address)).toBe(true);
    await settled(broken, inputs);
  });

  it("goes on where plugging in again was cut short", async () => {
    const hopping = new Declared(network);
    const inputs = inputsOf("hopping", { cidr: "10.77.6.1/24", dhcp: true });
    await hopping.up(inputs);
    await using guest = await guestIn("<source network='hopping'/>");
    const address = await guest.address();
    // As a run leaves it that ends while the guest is in between.
    await world
      .host("alpha")
      .writeFile("/run/hop.xml", "<network><name>pulumi-kvm-relink.hopping</name></network>");
    await virsh("alpha", "net-define", "/run/hop.xml");
    await virsh("alpha", "net-start", "pulumi-kvm-relink.hopping");
    const away = (await guest.interfaceXml()).replace(
      "network='hopping'",
      "network='pulumi-kvm-relink.hopping'",
    );
    await world.host("alpha").writeFile("/run/away.xml", away.replace(/ bridge='[^']*'/, ""));
    await virsh("alpha", "update-device", "ticker", "/run/away.xml", "--live");
    expect(await pings(address)).toBe(false);
    expect(await hopping.up(inputs)).toEqual(["plug ticker into network hopping again on alpha, live"]);
    expect(await pings(address)).toBe(true);
    expect(await namesOn("alpha")).not.toContain("pulumi-kvm-relink.hopping");
    await settled(hopping, inputs);
  });

  it("refuses another's network, and changes nothing but the mark when it takes one over as it is", async () => {
    const foreign = `<network><name>theirs</name><forward mode='nat'/><bridge name='theirbr' stp='on' delay='2'/><domain name='their.test' localOnly='yes'/>
      <dns><host ip='10.77.8.5'><hostname>five</hostname></host></dns>
      <ip address='10.77.8.1' netmask='255.255.255.0'><dhcp><range start='10.77.8.50' end='10.77.8.60'/><host mac='52:54:00:77:08:01' ip='10.77.8.5'/></dhcp></ip></network>`;
    await world.host("alpha").writeFile("/run/theirs.xml", foreign);
    await virsh("alpha", "net-define", "/run/theirs.xml");
    await virsh("alpha", "net-start", "theirs");
    const before = await xmlOf("theirs");
    const definition = await xmlOf("theirs", "alpha", "--inactive");
    const theirs = new Declared(network);
    const asItIs = { cidr: "10.77.8.1/24", dhcp: { start: "10.77.8.50", end: "10.77.8.60" } };
    const refused = /there is a network theirs on alpha already, which this program didn't make/;
    await expect(theirs.up(inputsOf("theirs", asItIs))).rejects.toThrow(refused);
    await expect(theirs.apply(inputsOf("theirs", asItIs))).rejects.toThrow(refused);
    const inputs = inputsOf("theirs", { ...asItIs, adopt: true });
    expect(await theirs.up(inputs)).toEqual(["take over theirs on alpha as it is, no guest notices"]);
    expect(await xmlOf("theirs")).toBe(before);
    const marked = await xmlOf("theirs", "alpha", "--inactive");
    expect(marked).toContain(`nonce="${theirs.state.nonce}"`);
    expect(marked.replace(/ *<metadata>[\s\S]*<\/metadata>\n/, "")).toBe(definition);
    await settled(theirs, inputs);
    // Another stack's, by its mark.
    const others = new Declared(network);
    await expect(others.up(inputsOf("theirs", asItIs, ["alpha"], "thief"))).rejects.toThrow(
      /which belongs to "theirs" of Pulumi stack test\/lab/,
    );
    // One that overlaps is named; libvirt would only speak of an interface.
    await expect(others.up(inputsOf("other", { cidr: "10.77.9.1/22" }))).rejects.toThrow(
      /cidr 10.77.9.1\/22 of network other overlaps network theirs on alpha, which has 10.77.8.1\/24/,
    );
    await theirs.remove();
    expect(await namesOn("alpha")).not.toContain("theirs");
  });

  it("is in nobody's way when it and its resource get another name", async () => {
    const renamed = new Declared(network);
    const cidr = "10.77.40.1/24";
    await renamed.up(inputsOf("old-name", { cidr }, ["alpha"], "old"));
    const anew = inputsOf("new-name", { cidr }, ["alpha"], "new");
    expect((await renamed.preview(anew)).replacement).toEqual({
      effects: ["create network new-name on alpha (new)"],
      refusals: [],
    });
    await renamed.remove();
  });

  it("is one's whose name two want at the same moment; the other is told whose", async () => {
    for (let round = 1; round <= 3; round++) {
      const twins = [new Declared(network), new Declared(network)];
      const made = await Promise.allSettled(
        twins.map((twin, i) => twin.apply(inputsOf("twin", { mode: "isolated" }, ["alpha"], `twin-${i}`))),
      );
      const failures = made.flatMap((one) =>
        one.status === "rejected" ? [(one.reason as Error).message] : [],
      );
      expect(failures).toEqual([expect.stringContaining("there is a network twin on alpha already")]);
      for (const twin of twins.filter(({ id }) => id !== undefined)) await twin.remove();
      expect(await namesOn("alpha")).not.toContain("twin");
    }
  });

  it("stands for a bridge of the host, and becomes one of libvirt's own", async () => {
    const bridged = new Declared(network);
    const absent = inputsOf("bridged", { mode: "bridge", bridge: "nosuchbr" });
    await expect(bridged.up(absent)).rejects.toThrow(/there is no bridge nosuchbr on alpha/);
    expect(await namesOn("alpha")).not.toContain("bridged");
    const inputs = inputsOf("bridged", { mode: "bridge", bridge: "br0" });
    await bridged.up(inputs);
    expect(bridged.state.bridges).toEqual({ alpha: "br0" });
    await settled(bridged, inputs);
    {
      await using guest = await guestIn("<source network='bridged'/>");
      await guest.watch.untilLine(/^tick 2 /);
      expect(await world.host("alpha").shell("ip -o link show master br0")).toContain("vnet");
      // Stopping such a network leaves its guests' link alone; only libvirt's count is off.
      await virsh("alpha", "net-destroy", "bridged");
      await bridged.up(inputs);
      expect(await world.host("alpha").shell("ip -o link show master br0")).toContain("vnet");
      await settled(bridged, inputs);
      const own = inputsOf("bridged", { cidr: "10.77.10.1/24", dhcp: true, restartPolicy: "whenNeeded" });
      await bridged.up(own);
      const { alpha } = bridged.state.bridges as Record<string, string>;
      expect(alpha).toMatch(/^virbr/);
      expect(await world.host("alpha").shell(`ip -o link show master ${alpha}`)).toContain("vnet");
      await settled(bridged, own);
      await bridged.up({ ...inputs, restartPolicy: "whenNeeded" });
      expect(await world.host("alpha").shell("ip -o link show master br0")).toContain("vnet");
    }
    await bridged.remove();
  });

  it("leaves a host that isn't declared any more, once no guest is attached there", async () => {
    const wide = new Declared(network);
    const inputs = (hosts: string[]) => inputsOf("wide", { cidr: "10.77.12.1/24" }, hosts);
    await wide.up(inputs(["alpha", "beta"]));
    {
      await using _guest = await guestIn("<source network='wide'/>");
      await expect(wide.up(inputs(["beta"]))).rejects.toThrow(
        /network wide can't be removed from alpha: ticker is running and attached/,
      );
      // Even when the refusal came only while applying, alpha isn't forgotten.
      const failure = await wide.apply(inputs(["beta"])).catch((error: unknown) => error);
      expect((failure as { properties: object }).properties).toMatchObject({
        leaving: { alpha: { address: world.host("alpha").address } },
      });
      wide.state = (failure as { properties: Record<string, unknown> }).properties;
    }
    await wide.up(inputs(["beta"]));
    expect(await namesOn("alpha")).not.toContain("wide");
    expect(await namesOn("beta")).toContain("wide");
    expect(Object.keys(wide.state.uuids as object)).toEqual(["beta"]);
    await settled(wide, inputs(["beta"]));
    await wide.remove();
    expect(await namesOn("beta")).not.toContain("wide");
  });

  it("is replaced under another name, unless guests are attached", async () => {
    const named = new Declared(network);
    await named.up(inputsOf("before", { cidr: "10.77.13.1/24" }));
    const renamed = inputsOf("after", { cidr: "10.77.13.1/24" }, ["alpha"], "before");
    expect((await named.preview(renamed)).diff).toEqual({
      changes: true,
      replaces: ["name"],
      deleteBeforeReplace: true,
    });
    // What the engine asks next, as for a new one: the network that goes first is not in the way of the one that comes.
    expect((await new Declared(network).preview(renamed)).refusals).toEqual([]);
    await using _guest = await guestIn("<source network='before'/>");
    expect((await named.preview(renamed)).refusals).toEqual([
      "network before on alpha can't become after: libvirt can't rename networks, and ticker is running and attached; keep the name, or stop them or move them to another network first",
    ]);
  });

  it("takes names with characters that mean something elsewhere", async () => {
    const name = `a<b>&c'd "é🐈`;
    const odd = new Declared(network);
    const inputs = inputsOf(name, { cidr: "10.77.14.1/24", dhcp: true });
    await odd.up(inputs);
    await settled(odd, inputs);
    const again = inputsOf(name, {
      cidr: "10.77.14.1/24",
      dhcp: { start: "10.77.14.9", end: "10.77.14.19" },
    });
    await odd.up(again);
    await settled(odd, again);
    await using guest = await guestIn("<source network='a&lt;b&gt;&amp;c&apos;d &quot;é🐈'/>");
    expect(await guest.address()).toMatch(/^10\.77\.14\.(9|1[0-9])$/);
  });

  it("finds what a create left that was killed, and takes its nonce", async () => {
    const lost = new Declared(network);
    const inputs = inputsOf("lost", { cidr: "10.77.15.1/24" }, ["alpha", "beta"]);
    await lost.up(inputs);
    const { nonce } = lost.state;
    await virsh("beta", "net-destroy", "lost");
    await virsh("beta", "net-undefine", "lost");
    const next = new Declared(network); // whose state never came to be
    expect(await next.up(inputs)).toEqual(["create network lost on beta (new)"]);
    expect(next.state.nonce).toBe(nonce);
    expect(await xmlOf("lost", "beta")).toContain(`nonce="${nonce}"`);
    // Another resource name for the same network: the mark follows.
    const renamed = inputsOf("lost", { cidr: "10.77.15.1/24" }, ["alpha", "beta"], "found");
    await next.up(renamed);
    for (const host of ["alpha", "beta"])
      expect(await xmlOf("lost", host, "--inactive")).toContain('name="found"');
    await settled(next, renamed);
  });

  it("is not known, instead of gone, while a host doesn't answer", async () => {
    const far = new Declared(network);
    const inputs = inputsOf("far", { cidr: "10.77.16.1/24" }, ["alpha", "beta"]);
    await far.up(inputs);
    await world.host("beta").refuseConnections();
    try {
      expect((await far.preview(inputs)).diff).toEqual({ changes: false });
      await expect(far.read()).rejects.toThrow(/host beta is unreachable/);
      await expect(far.remove()).rejects.toThrow(/host beta is unreachable/);
      expect(await namesOn("alpha")).toContain("far");
    } finally {
      await world.host("beta").heal();
    }
    await far.remove();
  });
});
