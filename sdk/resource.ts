import * as pulumi from "@pulumi/pulumi";
import { dynamicProvider } from "./dynamic-provider.js";

const MODULE = "kvm";
const TYPE = `pulumi-nodejs:dynamic/${MODULE}:`;

/** Secret in every resource. */
const ALWAYS_SECRET = ["credentials", "peerCredentials", "cloudInit", "ignition", "answerFile"];
/** Those, and the one whose password is: nothing that tells of their changes shows a secret to begin with. */
const NEVER_SHOWN: ReadonlySet<string> = new Set([...ALWAYS_SECRET, "graphics", "hostsAhead"]);
const providers = new Map<string, pulumi.dynamic.ResourceProvider>();

/** One provider object a kind, so that Pulumi serialises its text once and not once a resource. */
function providerOf(kind: string): pulumi.dynamic.ResourceProvider {
  const known = providers.get(kind);
  if (known !== undefined) return known;
  const made = dynamicProvider(kind);
  providers.set(kind, made);
  return made;
}

/** What all of this package's resources have in common. */
export abstract class KvmResource extends pulumi.dynamic.Resource {
  /**
   * What the last deployment did to this resource, each with its effect on a running guest, for instance
   * `"memory 1 GiB -> 2 GiB, at the next boot"`. In a preview: what `up` would do. Empty when there is nothing to do.
   */
  declare readonly effects: pulumi.Output<string[]>;

  /** @internal */
  protected constructor(
    kind: string,
    name: string,
    inputs: pulumi.Inputs,
    outputNames: readonly string[],
    opts: pulumi.CustomResourceOptions | undefined,
  ) {
    if (opts?.import !== undefined) throw new pulumi.RunError(notImported(`${kind} ${name}`));
    const type = typeOf(kind);
    const outputs = Object.fromEntries(outputNames.map((output) => [output, undefined]));
    const only = opts?.id === undefined ? {} : { id: onceKnown(opts.id, inputs) };
    super(
      providerOf(kind),
      name,
      {
        ...outputs,
        effects: undefined,
        ...inputs,
        // By this the provider knows that it is to read, and nothing else.
        unmanaged: opts?.id === undefined ? undefined : true,
        pulumiUrn: urnWithoutDependency(name, type, opts?.parent),
        secretInputs: secretInputsOf(inputs, opts?.additionalSecretOutputs),
      },
      replacedInOrder({ ...opts, ...only }),
      MODULE,
      kind,
    );
    for (const warning of notFollowed(`${kind} ${name}`, opts)) void pulumi.log.warn(warning, this);
  }
}

/** Pulumi's launcher of dynamic providers fails at it, with a stack trace and no reason. */
export function notImported(subject: string): string {
  return `${subject}: Pulumi imports no resource of this kind (option import, "pulumi import"); leave the option out and set the input adopt: true: what has its name on the host is taken over, as the preview's effects say. "npx kvm import" writes such programs`;
}

/** What a program asks for by options that Pulumi, or a host, has no way to follow: it would rely on it. */
export function notFollowed(subject: string, opts: pulumi.CustomResourceOptions = {}): string[] {
  const { deleteBeforeReplace, replaceOnChanges = [], customTimeouts } = opts;
  return [
    ...(deleteBeforeReplace === false
      ? [
          `deleteBeforeReplace: false isn't followed: what replaces ${subject} can't be beside it on a host, under one name and one mark; leave it out`,
        ]
      : []),
    ...(replaceOnChanges.length > 0
      ? [
          `replaceOnChanges isn't followed: Pulumi has it for no resource of this kind, and ${subject} is changed in place where that is possible; leave it out, and replace it by "pulumi up --replace URN"`,
        ]
      : []),
    ...(customTimeouts === undefined
      ? []
      : [
          `customTimeouts aren't followed: Pulumi hands them on to no resource of this kind; its input timeouts, if it has one, bounds what ${subject} may take`,
        ]),
  ];
}

/** The other way round the replacement takes what is there for its own, and the deletion that follows deletes just that. */
export function replacedInOrder(opts: pulumi.CustomResourceOptions): pulumi.CustomResourceOptions {
  return pulumi.mergeOptions(
    { additionalSecretOutputs: ALWAYS_SECRET },
    { ...opts, deleteBeforeReplace: true },
  );
}

/** Of what is only read Pulumi leaves out inputs that aren't known yet; with an id that isn't either it doesn't ask for it at all. */
function onceKnown(id: pulumi.Input<pulumi.ID>, inputs: pulumi.Inputs): pulumi.Output<pulumi.ID> {
  return pulumi.output(inputs as object).apply(() => id) as pulumi.Output<pulumi.ID>;
}

/**
 * The resource's own URN as an input: the provider isn't told it otherwise, and needs it for log lines and for the owner mark.
 * As an Output it would make the resource depend on its parent, which deadlocks under a component; a bare promise doesn't.
 */
function urnWithoutDependency(
  name: string,
  type: string,
  parent: pulumi.Resource | undefined,
): Promise<string> {
  const urn = pulumi.createUrn(name, type, parent);
  return new Promise((resolve) => {
    urn.apply(resolve);
  });
}

/**
 * The names of the inputs in which the program marked something as a secret, itself or by `additionalSecretOutputs`, for the provider isn't
 * told: it leaves the values out of effects, messages and documents' differences. A bare promise, as the URN is.
 */
async function secretInputsOf(
  inputs: pulumi.Inputs,
  additional: readonly string[] = [],
): Promise<string[] | undefined> {
  const names = Object.keys(inputs).filter((name) => !NEVER_SHOWN.has(name));
  const secret = await Promise.all(
    // What fails fails where it is used, with its own message.
    names.map((name) => pulumi.isSecret(pulumi.output(inputs[name])).catch(() => false)),
  );
  const marked = names.filter((_, i) => secret[i]);
  const found = [...new Set([...marked, ...additional.filter((name) => !NEVER_SHOWN.has(name))])].sort();
  return found.length === 0 ? undefined : found;
}

export function typeOf(kind: string): string {
  return TYPE + kind;
}

/** As the SDKs that Pulumi generates tell it. */
export function hasType(value: unknown, type: string): boolean {
  return (
    typeof value === "object" && value !== null && (value as { __pulumiType?: unknown }).__pulumiType === type
  );
}

/** True for a resource of this package of the given kind, also one of a second copy of the package or one of another stack. */
export function isKvmResource(value: unknown, kind: string): boolean {
  return kindOf(value) === kind;
}

/** What a StackReference has of a resource: no resource, but all of its outputs. */
export function isOfAnotherStack(value: unknown): value is Readonly<Record<string, unknown>> {
  return !pulumi.Resource.isInstance(value) && kindOf(value) !== undefined;
}

function kindOf(value: unknown): string | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const { __pulumiType: type, urn } = value as { __pulumiType?: unknown; urn?: unknown };
  const told = pulumi.Resource.isInstance(value) ? type : String(urn).split("::")[2]?.split("$").at(-1);
  return typeof told === "string" && told.startsWith(TYPE) ? told.slice(TYPE.length) : undefined;
}
