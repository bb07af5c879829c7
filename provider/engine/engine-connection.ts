import { createRequire } from "node:module";
import type { EngineClient as EngineClientType } from "@pulumi/pulumi/proto/engine_grpc_pb.js";
import type {
  LogRequest as LogRequestType,
  LogSeverity as LogSeverityType,
} from "@pulumi/pulumi/proto/engine_pb.js";

// Generated protobuf modules export by assignment at run time, which static imports of names can't see.
const require = createRequire(import.meta.url);
// gRPC's objects don't mix between copies of the library: this must be the copy that Pulumi's SDK itself uses.
const { connectivityState, credentials } = createRequire(require.resolve("@pulumi/pulumi"))(
  "@grpc/grpc-js",
) as typeof import("@grpc/grpc-js");
const { EngineClient } = require("@pulumi/pulumi/proto/engine_grpc_pb") as {
  EngineClient: typeof EngineClientType;
};
const { LogRequest, LogSeverity } = require("@pulumi/pulumi/proto/engine_pb") as {
  LogRequest: typeof LogRequestType;
  LogSeverity: typeof LogSeverityType;
};

export type Severity = "info" | "warning" | "error" | "debug";

const WATCH_MS = 60_000;

/**
 * The way back to the engine that started this process: log lines on a resource's row, and the news that the engine is gone. A killed CLI
 * leaves its provider running; what such a provider still does must stop before the next `up` begins.
 */
export class EngineConnection {
  readonly #client: EngineClientType;
  readonly #gone = new AbortController();

  constructor(address: string) {
    this.#client = new EngineClient(address, credentials.createInsecure());
    this.#watch();
  }

  /** Aborted when the engine can't be reached any more. */
  get gone(): AbortSignal {
    return this.#gone.signal;
  }

  close(): void {
    this.#client.close();
  }

  /** Never fails: a log line that can't be delivered is no reason to stop. `ephemeral` lines are progress, replaced by the next one. */
  log(line: { severity: Severity; message: string; urn: string; ephemeral?: boolean }): Promise<void> {
    const request = new LogRequest();
    request.setSeverity(LogSeverity[line.severity.toUpperCase() as "INFO" | "WARNING" | "ERROR" | "DEBUG"]);
    request.setMessage(line.message);
    request.setUrn(line.urn);
    request.setStreamid(0);
    request.setEphemeral(line.ephemeral ?? false);
    return new Promise((resolve) => {
      if (this.#gone.signal.aborted) resolve();
      else this.#client.log(request, () => resolve());
    });
  }

  #watch(): void {
    const channel = this.#client.getChannel();
    const state = channel.getConnectivityState(true);
    if (state === connectivityState.TRANSIENT_FAILURE || state === connectivityState.SHUTDOWN) {
      this.#gone.abort(new Error("the Pulumi CLI that started this deployment is gone"));
      return;
    }
    // The deadline only bounds one watch; it says nothing about the engine.
    channel.watchConnectivityState(state, Date.now() + WATCH_MS, () => this.#watch());
  }
}
