import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { answerDocuments } from "../../provider/seeds/answer-file.js";
import type { CloudInit } from "../../provider/seeds/cloud-init.js";
import { dataSource } from "../../provider/seeds/data-source.js";
import { renderDocument } from "../../provider/seeds/document.js";
import { isoImage } from "../../provider/seeds/iso/image.js";
import { answerMedium, cloudInitMedium, ignitionMedium } from "../../provider/seeds/medium.js";

function texts(inputs: CloudInit, instance = { id: "i-1", hostname: "web" }): Record<string, string> {
  const { documents } = dataSource(inputs, instance);
  return Object.fromEntries(
    documents.map(renderDocument).map(({ path, bytes }) => [path, Buffer.from(bytes).toString()]),
  );
}

describe("the documents of a NoCloud seed", () => {
  it("say what was declared in cloud-init's names, every text in quotes", () => {
    const declared: CloudInit = {
      hostname: "web",
      fqdn: "web.example.net",
      sshAuthorizedKeys: ["ssh-ed25519 AAAAC3Nz me"],
      users: [
        {
          name: "ops",
          gecos: "Operations",
          groups: ["adm", "sudo"],
          sudo: true,
          shell: "/bin/bash",
          sshAuthorizedKeys: ["ssh-ed25519 AAAAC3Nz ops"],
        },
        { name: "app", uid: 1500, sudo: ["ALL=(ALL) NOPASSWD:/bin/true"], hashedPassword: "$6$a$b" },
        { name: "locked", password: "yes", lockPassword: true, sudo: false },
      ],
      sshPasswordLogin: false,
      bootcmd: ["echo boot"],
      packageUpdate: true,
      packageUpgrade: false,
      packages: ["nginx", "qemu-guest-agent"],
      writeFiles: [
        { path: "/etc/motd", content: "a: b\n  'c'\ttab\n", permissions: "0644", owner: "root:root" },
        { path: "/srv/blob", content: "AAEC", encoding: "base64", defer: true },
      ],
      mounts: [["vdb", "/srv", "ext4"]],
      timezone: "Europe/Berlin",
      locale: "en_GB.UTF-8",
      runcmd: ["systemctl restart nginx && echo $HOME", ["touch", "/tmp/with space"]],
      cloudConfig: { ntp: { servers: ["0.pool.example"] }, yes: "012" },
      metaData: { role: "front", weight: 0.5 },
      networkConfig: { version: 2, ethernets: { eth0: { dhcp4: true } } },
      vendorData: { final_message: "done" },
    };
    expect(texts(declared)).toEqual({
      "meta-data": `instance-id: "i-1"
local-hostname: "web.example.net"
public-keys:
  - "ssh-ed25519 AAAAC3Nz me"
role: "front"
weight: 0.5
`,
      "user-data": `#cloud-config
hostname: "web"
fqdn: "web.example.net"
users:
  - "default"
  - name: "ops"
    gecos: "Operations"
    groups:
      - "adm"
      - "sudo"
    shell: "/bin/bash"
    sudo: "ALL=(ALL) NOPASSWD:ALL"
    ssh_authorized_keys:
      - "ssh-ed25519 AAAAC3Nz ops"
  - name: "app"
    uid: 1500
    sudo:
      - "ALL=(ALL) NOPASSWD:/bin/true"
    lock_passwd: false
    hashed_passwd: "$6$a$b"
  - name: "locked"
    lock_passwd: true
    plain_text_passwd: "yes"
ssh_authorized_keys:
  - "ssh-ed25519 AAAAC3Nz me"
ssh_pwauth: false
bootcmd:
  - "echo boot"
package_update: true
package_upgrade: false
packages:
  - "nginx"
  - "qemu-guest-agent"
write_files:
  - path: "/etc/motd"
    content: "a: b\\n  'c'\\ttab\\n"
    permissions: "0644"
    owner: "root:root"
  - path: "/srv/blob"
    encoding: "b64"
    content: "AAEC"
    defer: true
mounts:
  - - "vdb"
    - "/srv"
    - "ext4"
timezone: "Europe/Berlin"
locale: "en_GB.UTF-8"
runcmd:
  - "systemctl restart nginx && echo $HOME"
  - - "touch"
    - "/tmp/with space"
ntp:
  servers:
    - "0.pool.example"
"yes": "012"
`,
      "network-config": `version: 2
ethernets:
  eth0:
    dhcp4: true
`,
      "vendor-data": `#cloud-config
final_message: "done"
`,
    });
  });

  it("hand texts on as they are, and know the machine's name", () => {
    const userData = "#!/bin/sh\necho 'ü' \r\n";
    expect(texts({ userData, networkConfig: "network: {config: disabled}" })).toEqual({
      "meta-data": 'instance-id: "i-1"\nlocal-hostname: "web"\n',
      "user-data": userData,
      "network-config": "network: {config: disabled}",
    });
    expect(texts({})["user-data"]).toBe("#cloud-config\n{}\n");
    expect(texts({ defaultUser: false })["user-data"]).toBe("#cloud-config\nusers: []\n");
  });
});

it("a ConfigDrive has OpenStack's files", () => {
  const declared: CloudInit = {
    datasource: "configDrive",
    hostname: "win",
    sshAuthorizedKeys: ["ssh-rsa AAAA a", "ssh-rsa AAAA b"],
    userData: "#ps1_sysnative\r\nWrite-Host hi",
    metaData: { admin_pass: "x" },
    vendorData: "#!/bin/sh\n",
  };
  expect(dataSource(declared, { id: "i-1" }).label).toBe("config-2");
  const files = texts(declared);
  expect(Object.keys(files)).toEqual([
    "openstack/latest/meta_data.json",
    "openstack/latest/user_data",
    "openstack/latest/vendor_data.json",
  ]);
  expect(JSON.parse(files["openstack/latest/meta_data.json"] ?? "")).toEqual({
    uuid: "i-1",
    hostname: "win",
    public_keys: { "key-0": "ssh-rsa AAAA a", "key-1": "ssh-rsa AAAA b" },
    admin_pass: "x",
  });
  expect(files["openstack/latest/user_data"]).toBe("#ps1_sysnative\r\nWrite-Host hi");
  expect(JSON.parse(files["openstack/latest/vendor_data.json"] ?? "")).toEqual({
    "cloud-init": "#!/bin/sh\n",
  });
});

describe("other media", () => {
  it("have an installer's answers where it looks for them", () => {
    const answers = {
      windows: "<unattend/>",
      files: { "$WinPEDriver$/a.inf": "driver", "b.bin": { base64: "AAEC" } },
    };
    const { label, documents } = answerDocuments(answers);
    expect(label).toBe("UNATTEND");
    expect(
      documents.map(renderDocument).map(({ path, bytes }) => [path, Buffer.from(bytes).toString("hex")]),
    ).toEqual([
      ["autounattend.xml", Buffer.from("<unattend/>").toString("hex")],
      ["$WinPEDriver$/a.inf", Buffer.from("driver").toString("hex")],
      ["b.bin", "000102"],
    ]);
    expect(answerMedium(answers, "win").bytes("any").includes("<unattend/>")).toBe(true);
    expect(answerDocuments({ kickstart: "text\n" })).toEqual({
      label: "OEMDRV",
      documents: [{ path: "ks.cfg", content: { kind: "text", text: "text\n" } }],
    });
  });

  it("have Ignition's config as it is", () => {
    const config = { ignition: { version: "3.4.0" } };
    const made = [config, JSON.stringify(config)].map((each) => ignitionMedium(each, "web"));
    for (const medium of made) expect(JSON.parse(medium.bytes("any").toString())).toEqual(config);
    expect(made[0]?.digest).not.toBe(made[1]?.digest);
  });
});

describe("a seed's digest and volume", () => {
  const uuid = "11111111-2222-4333-8444-555555555555";
  const seed = { hostname: "web", metaData: { a: 1, b: 2 } };
  const digest = (inputs: CloudInit, name = "web") => cloudInitMedium(inputs, name).digest;
  const instanceIdOf = (inputs: CloudInit) =>
    /instance-id: "(.*)"/.exec(cloudInitMedium(inputs, "web").bytes(uuid).toString("latin1"))?.[1];

  it("are the same for the same content, and differ for another, or for another machine", () => {
    expect(digest(seed)).toMatch(/^[0-9a-f]{12}$/);
    expect(digest({ metaData: { b: 2, a: 1 }, hostname: "web" })).toBe(digest(seed));
    const others = [
      digest({ ...seed, hostname: "web2" }),
      digest({ ...seed, newInstanceOnChange: true }),
      digest({ ...seed, instanceId: "i-1" }),
      digest({ ...seed, datasource: "configDrive" }),
      digest(seed, "web2"),
    ];
    expect(new Set([digest(seed), ...others]).size).toBe(6);
    const bytes = () => cloudInitMedium(seed, "web").bytes(uuid);
    expect(bytes().equals(bytes())).toBe(true);
  });

  it("keep the instance-id unless it is to follow the content", () => {
    expect(instanceIdOf(seed)).toBe(uuid);
    expect(instanceIdOf({ ...seed, hostname: "web2" })).toBe(uuid);
    const following = { ...seed, newInstanceOnChange: true };
    expect(instanceIdOf(following)).toBe(`${uuid}-${digest(following)}`);
    expect(instanceIdOf({ ...following, hostname: "web2" })).not.toBe(instanceIdOf(following));
    expect(instanceIdOf({ ...seed, instanceId: "i-1" })).toBe("i-1");
  });

  it("stay what they were in earlier versions: another name or size would be a change to every guest", () => {
    expect(digest(seed)).toBe("5f502b2b5ac2");
    const image = isoImage("cidata", [{ path: "a/b", bytes: Buffer.from("text") }]);
    expect(image.length).toBe(57_344);
    expect(createHash("sha256").update(image).digest("hex")).toBe(
      "fa4a78ddcb71d049fd54f68b833de12efc9fe34c623a28ff5372d79b5a1b1465",
    );
  });
});
