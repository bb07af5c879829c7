import { describe, expect, it } from "vitest";
import { describeProblem } from "../../provider/engine/input-problem.js";
import { validateInputs } from "../../provider/engine/validate.js";
import { ofPart } from "../../provider/resources/rules.js";
import {
  answerFile,
  answerFileRules,
} from "../../provider/resources/virtual-machine/seed/answer-file-schema.js";
import { cloudInitRules } from "../../provider/resources/virtual-machine/seed/cloud-init-checks.js";
import { cloudInit } from "../../provider/resources/virtual-machine/seed/cloud-init-schema.js";
import { ignition } from "../../provider/resources/virtual-machine/seed/ignition-schema.js";

const shape = {
  cloudInit: cloudInit.optional(),
  answerFile: answerFile.optional(),
  ignition: ignition.optional(),
};
const crossChecks = [...ofPart("cloudInit", cloudInitRules), ...ofPart("answerFile", answerFileRules)];

function problemsOf(inputs: object): string[] {
  return validateInputs(shape, { ...inputs }, crossChecks).problems.map(describeProblem);
}

const key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHk me@laptop";

describe("inputs of a seed", () => {
  it("are kept as they were given, keys without the line break of their file", () => {
    const given = {
      hostname: "web-1",
      fqdn: "web-1.example.net",
      users: [{ name: "ops", sudo: ["ALL=(ALL) ALL"], sshAuthorizedKeys: [`no-pty ${key}\n`] }],
      runcmd: ["echo $HOME", ["ls", ""]],
      networkConfig: "network:\n  version: 2\n",
      metaData: { any: [1, { deep: null }] },
    };
    const { inputs, problems } = validateInputs(shape, { cloudInit: given }, crossChecks);
    expect(problems).toEqual([]);
    expect(inputs.cloudInit).toEqual({
      ...given,
      users: [{ ...given.users[0], sshAuthorizedKeys: [`no-pty ${key}`] }],
    });
    for (const userData of [
      "#cloud-config\n",
      "#cloud-config\r\na: 1\na: 2\n",
      "#cloud-config-archive\n- a\n",
      "#!/bin/sh\n",
      "## template: jinja\n#cloud-config\na: {{ b }}\n",
      "Content-Type: multipart/mixed; boundary=x\n\n--x",
      "#ps1_sysnative\r\n",
    ])
      expect(problemsOf({ cloudInit: { userData } })).toEqual([]);
    expect(
      problemsOf({ answerFile: { windows: '\ufeff<?xml version="1.0"?><unattend xmlns="urn:x"/>' } }),
    ).toEqual([]);
    expect(problemsOf({ ignition: '{"ignition": {"version": "3.4.0"}}' })).toEqual([]);
    expect(problemsOf({ ignition: { ignition: { version: "2.3.0" }, storage: {} } })).toEqual([]);
  });

  const secret = "(the value is secret)";
  const noHost = `must be a host name: at most 63 letters, digits and hyphens, no dots (a full name with its domain is fqdn) ${secret}`;
  const noHeader = `must begin with what cloud-init knows it by, such as "#cloud-config", "#!/bin/sh", "#include" or "Content-Type: multipart/mixed" ${secret}`;
  it.each<[string, object, string[]]>([
    [
      "a host name with dots",
      { cloudInit: { hostname: "web.example.net" } },
      [`cloudInit.hostname: ${noHost}`],
    ],
    [
      "a host name that begins with a hyphen",
      { cloudInit: { hostname: "-web" } },
      [`cloudInit.hostname: ${noHost}`],
    ],
    [
      "a full name without a domain",
      { cloudInit: { fqdn: "web" } },
      [`cloudInit.fqdn: must be a full name with its domain, such as web.example.net ${secret}`],
    ],
    [
      "names that contradict each other",
      { cloudInit: { hostname: "web", fqdn: "www.example.net" } },
      ["cloudInit.fqdn: must begin with hostname and a dot"],
    ],
    [
      "a user without a name",
      { cloudInit: { users: [{ groups: ["adm"] }] } },
      ["cloudInit.users[0].name: is missing: it must be a string"],
    ],
    [
      "an input that there isn't",
      { cloudInit: { users: [{ name: "ops", sshAuthorisedKeys: [] }] } },
      ["cloudInit.users[0].sshAuthorisedKeys: there is no such input; did you mean sshAuthorizedKeys?"],
    ],
    [
      "the default user by name",
      { cloudInit: { users: [{ name: "default" }] } },
      [
        `cloudInit.users[0].name: stands for the image's own user: defaultUser says whether that is made ${secret}`,
      ],
    ],
    [
      "two users of one name, and two passwords of one user",
      { cloudInit: { users: [{ name: "a" }, { name: "a", password: "x", hashedPassword: "$6$x$y" }] } },
      [
        "cloudInit.users[1].name: is the name of users[0] too",
        "cloudInit.users[1].password: can't stand beside hashedPassword; give one of them",
      ],
    ],
    [
      "a plain password as a hash",
      { cloudInit: { users: [{ name: "a", hashedPassword: "hunter2" }] } },
      [
        `cloudInit.users[0].hashedPassword: must be a hash as in /etc/shadow, such as "$6$..." from mkpasswd (a password in plain is password) ${secret}`,
      ],
    ],
    [
      "a private key",
      { cloudInit: { sshAuthorizedKeys: ["-----BEGIN OPENSSH PRIVATE KEY-----"] } },
      [
        `cloudInit.sshAuthorizedKeys[0]: is a private key: give the public one, the line in the .pub file ${secret}`,
      ],
    ],
    [
      "a key as a file name, and one that is no list",
      {
        cloudInit: {
          sshAuthorizedKeys: ["~/.ssh/id_ed25519.pub"],
          users: [{ name: "a", sshAuthorizedKeys: key }],
        },
      },
      [
        `cloudInit.users[0].sshAuthorizedKeys: must be a list of public keys ${secret}`,
        `cloudInit.sshAuthorizedKeys[0]: must be a public key as in authorized_keys, such as "ssh-ed25519 AAAA... me@laptop" ${secret}`,
      ],
    ],
    [
      "keys for a user that isn't made",
      { cloudInit: { defaultUser: false, sshAuthorizedKeys: [key] } },
      [
        "cloudInit.sshAuthorizedKeys: are for the image's default user, which defaultUser: false leaves out; give them to a user in users",
      ],
    ],
    [
      "packages with blanks",
      { cloudInit: { packages: ["nginx curl", ""] } },
      [
        `cloudInit.packages[0]: must be a package's name, such as "nginx" or "nginx=1.22.1-9" ${secret}`,
        `cloudInit.packages[1]: must not be empty ${secret}`,
      ],
    ],
    [
      "commands of other kinds",
      { cloudInit: { runcmd: [7, [], ["ls", 1], " "], bootcmd: "reboot" } },
      [
        `cloudInit.bootcmd: must be a list of commands ${secret}`,
        `cloudInit.runcmd[0]: must be a shell command, or a list: the program and its arguments ${secret}`,
        `cloudInit.runcmd[1]: must hold at least the program ${secret}`,
        `cloudInit.runcmd[2][1]: must be a string ${secret}`,
        `cloudInit.runcmd[3]: must not be empty ${secret}`,
      ],
    ],
    [
      "files to write",
      {
        cloudInit: {
          writeFiles: [
            { path: "etc/motd", content: "a" },
            { path: "/a", content: "\ud800", permissions: "rw-r--r--" },
            { path: "/b", content: "a b!", encoding: "base64" },
          ],
        },
      },
      [
        `cloudInit.writeFiles[0].path: must be an absolute path in the guest ${secret}`,
        `cloudInit.writeFiles[1].content: has half a surrogate pair, which no file can hold as text ${secret}`,
        `cloudInit.writeFiles[1].permissions: must be a mode in octal digits, such as "0644" ${secret}`,
        'cloudInit.writeFiles[2].content: must be base64, for encoding is "base64"',
      ],
    ],
    [
      "base64 that isn't",
      { cloudInit: { writeFiles: [{ path: "/b", content: "a b!", encoding: "base64" }] } },
      ['cloudInit.writeFiles[0].content: must be base64, for encoding is "base64"'],
    ],
    [
      "a time zone, a locale, mounts",
      {
        cloudInit: {
          timezone: "Central European",
          locale: "en GB",
          mounts: [["vdb", "/a", "x", "y", "0", "0", "0"]],
        },
      },
      [
        `cloudInit.mounts[0]: must have 1 to 6 fields ${secret}`,
        `cloudInit.timezone: must be a name of the time zone database, such as "Europe/Berlin" ${secret}`,
        `cloudInit.locale: must be a locale, such as "en_GB.UTF-8" ${secret}`,
      ],
    ],
    [
      "user data that cloud-init would pass over",
      { cloudInit: { userData: "# cloud-config\nhostname: a" } },
      [`cloudInit.userData: ${noHeader}`],
    ],
    [
      "user data that is no YAML",
      { cloudInit: { userData: "#cloud-config\nusers:\n - name: a\n  password: hunter2" } },
      [`cloudInit.userData: is no YAML: missing char at line 4, column 1 ${secret}`],
    ],
    [
      "user data without keys",
      { cloudInit: { userData: "#cloud-config\n- hunter2\n" } },
      [`cloudInit.userData: must hold keys and values after the line "#cloud-config" ${secret}`],
    ],
    [
      "user data beside typed inputs",
      { cloudInit: { userData: "#!/bin/sh\n", packages: ["a"], hostname: "a", runcmd: ["b"] } },
      ["packages", "runcmd"].map(
        (input) =>
          `cloudInit.${input}: can't be written into userData, which is passed on as it is; put it there, or leave userData out`,
      ),
    ],
    [
      "keys that have an input of their own",
      { cloudInit: { cloudConfig: { hostname: "a", ntp: {} }, metaData: { "instance-id": "i", uuid: "u" } } },
      [
        "cloudInit.cloudConfig.hostname: has an input of its own, cloudInit.hostname",
        'cloudInit.metaData["instance-id"]: has an input of its own, cloudInit.instanceId',
      ],
    ],
    [
      "values that no document holds",
      { cloudInit: { cloudConfig: { a: 1e300 }, metaData: ["a"] } },
      [
        `cloudInit.cloudConfig: holds a number that YAML would take for a text ${secret}`,
        `cloudInit.metaData: must be an object ${secret}`,
      ],
    ],
    [
      "a network of no version",
      { cloudInit: { networkConfig: { ethernets: {} } } },
      [`cloudInit.networkConfig: needs version: 2 (netplan's form), or 1 ${secret}`],
    ],
    [
      "a network's text of another kind",
      { cloudInit: { networkConfig: "network:\n  version: 2\n  ethernets: [eth0]\n" } },
      [`cloudInit.networkConfig: must have an object by the interfaces' names as ethernets ${secret}`],
    ],
    [
      "a network where there is no place for it, and an instance that both stays and follows",
      {
        cloudInit: {
          datasource: "configDrive",
          networkConfig: { version: 2 },
          instanceId: "i",
          newInstanceOnChange: true,
        },
      },
      [
        'cloudInit.networkConfig: has no place on a "configDrive"; use datasource "noCloud"',
        "cloudInit.newInstanceOnChange: can't hold while instanceId is fixed; leave one of them out",
      ],
    ],
    [
      "a seed as a text",
      { cloudInit: "#cloud-config" },
      [`cloudInit: must be { hostname, users, ... } ${secret}`],
    ],
    [
      "a Butane config",
      { ignition: "variant: fcos\nversion: 1.5.0\n" },
      [
        `ignition: is a Butane config, which the guest can't read: make Ignition's JSON of it with butane, and give that ${secret}`,
      ],
    ],
    [
      "Ignition without a version",
      { ignition: { ignition: {} } },
      [`ignition: needs ignition.version, the version of the specification, such as "3.4.0" ${secret}`],
    ],
    ["Ignition as YAML", { ignition: "ignition: {}" }, [`ignition: is no JSON ${secret}`]],
    [
      "no answers",
      { answerFile: { files: {} } },
      ["answerFile: needs windows or kickstart: the answers themselves"],
    ],
    [
      "an answer file that isn't well-formed",
      { answerFile: { windows: "<unattend><a></unattend>" } },
      [`answerFile.windows: is no well-formed XML ${secret}`],
    ],
    [
      "an answer file of another kind",
      { answerFile: { windows: "<domain/>" } },
      [
        `answerFile.windows: must be an answer file of Windows Setup, whose root element is <unattend> ${secret}`,
      ],
    ],
    [
      "files at impossible places",
      { answerFile: { kickstart: "text", files: { "../a": "", "b:c": "" } } },
      [
        `answerFile.files["../a"]: is no path of a file: it must be a relative path, without empty parts, "." and ".." ${secret}`,
        `answerFile.files["b:c"]: is no path of a file: it must not contain control characters and * : ; ? \\ ${secret}`,
      ],
    ],
    [
      "bytes that aren't base64",
      { answerFile: { kickstart: "text", files: { a: { base64: "!" }, b: 7 } } },
      [
        `answerFile.files.a.base64: must be base64 ${secret}`,
        `answerFile.files.b: must be a text, or { base64 } ${secret}`,
      ],
    ],
    [
      "files in each other's way",
      { answerFile: { kickstart: "text", files: { "KS.cfg": "", a: "", "a/b": "" } } },
      [
        'answerFile.files["KS.cfg"]: is the answer file itself',
        'answerFile.files["a/b"]: lies within a, which is a file',
      ],
    ],
  ])("refuse %s", (_what, inputs, expected) => {
    expect(problemsOf(inputs)).toEqual(expected);
  });

  it("show no value in any message, whatever is wrong", () => {
    const word = "hunter2-hunter2";
    const inputs = {
      cloudInit: {
        hostname: `${word}!`,
        users: [{ name: word.repeat(9), password: [word], hashedPassword: word }, word],
        userData: `#cloud-config\na: *${word}\n`,
        networkConfig: `a: !${word} [`,
        metaData: word,
        runcmd: [{ a: word }],
        writeFiles: [{ path: word, content: { a: word } }],
      },
      ignition: word,
      answerFile: { windows: `<${word}>${word}`, files: { a: [word] } },
    };
    const problems = problemsOf(inputs);
    expect(problems.length).toBeGreaterThan(10);
    expect(problems.join("\n")).not.toContain(word);
  });
});
