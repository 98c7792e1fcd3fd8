// The commands that serve: a whole project, one version taken out of it, and who answers beside a champion.

import type { CommandSpec } from "./command-spec.ts";

/** `slipway serve` */
export const serveCommand: CommandSpec = {
  name: "serve",
  summary: "serve the champions over HTTP, and gRPC if wanted",
  about: "Serves until Ctrl-C. A champion that is moved takes effect at once, without dropped requests.",
  options: [
    ["--port <number>", "the port; 0 for any free one, which is printed", "8080"],
    ["--grpc-port <number>", "answer the Open Inference Protocol over gRPC too, on this port; 0 for any free one"],
    ["--host <address>", "the address to listen on", "127.0.0.1"],
    ["--at <instant>", "start the clock there, in UTC, instead of now"],
    ["--key-limit <number>", "the most keys of one feature read", "1000"],
    ["--concurrency <number>", "requests of one model that are worked on at once", "256"],
    ["--queue <number>", "requests of one model that wait beyond those; more are told to come back (429)", "1024"],
    [
      "--request-timeout <duration>",
      "how long a request may wait that does not say it itself (default: as long as it takes)",
    ],
    ["--workers <number>", "processes that read features; from 2 on, the main one answers everything else", "1"],
    ["--invocations <model>", "the imported model that the bare POST /invocations asks, such as models:/late@champion"],
    ["--tls-cert <file>", "answer over TLS alone, HTTP and gRPC, with this certificate (PEM); needs --tls-key"],
    ["--tls-key <file>", "its private key; both are read again when they change, and on SIGHUP"],
    ["--tls-ca <file>", "let only clients in with a certificate that one of these signed (mTLS)"],
    ["--socket <path>", "answer on a Unix socket instead of a port"],
    ["--cors <origins...>", "let web pages of these origins read answers, such as https://app.example.com; * for all"],
    ["--log-format <format>", "what is said on stderr as json, in the fields of ECS, or pretty"],
    ["--log-level <level>", "debug, which has a line for each request, info, warn or error"],
    ["--open", "listen beyond this machine although nobody has to sign in"],
    ["--watch", "also bring new rows online, and run monitors and retraining rules when they are due"],
  ],
  examples: [
    "slipway serve",
    "slipway serve --workers 4",
    "slipway serve --grpc-port 8081",
    "slipway serve --host 0.0.0.0 --port 8443 --tls-cert tls/server.crt --tls-key tls/server.key",
    "slipway serve --socket /run/slipway/http.sock",
    "slipway serve --concurrency 64 --queue 200 --request-timeout 2s",
    "slipway serve --port 0 --at 2013-12-31T12:00:00Z",
    "slipway serve --invocations models:/late@champion",
  ],
  load: () => import("./commands/serve.ts"),
};

/** `slipway package` */
export const packageCommand: CommandSpec = {
  name: "package",
  summary: "write one version as a folder that serves it with Node alone",
  about:
    "The folder holds the server, the model and native parts for this platform. It starts with node server.js, listens on PORT and writes nothing; lambda.js is for AWS Lambda. Models that read features are refused unless callers send the values.",
  arguments: [["<version>", "model@number or model@alias; a model alone means its champion"]],
  options: [
    ["--output <dir>", "the folder; it must be empty, or not there"],
    ["--features <from>", "request: callers send the values of the features that the model reads"],
  ],
  examples: [
    "slipway package delivery_late --output build/delivery-late",
    "slipway package flight_delay@7 --output build/flight-delay --features request",
  ],
  load: () => import("./commands/package.ts"),
};

/** `slipway models route` */
export const routeCommand: CommandSpec = {
  name: "route",
  summary: "let a canary answer a share of a model's predictions, or show who answers",
  about:
    "Entity keys decide: one key is always answered by one version while the weight stands, and raising it only moves keys to the canary. Promoting the canary ends the route. Without options it shows how the model is routed and who moved it.",
  arguments: [["<model>", "the model's name"]],
  options: [
    ["--canary <version>", "the version beside the champion, by number or alias; needs --weight or --ramp"],
    ["--weight <percent>", "how many of a hundred predictions it answers; 0: only testers who ask for it"],
    ["--ramp <steps>", "let the canary's share go up by itself: 1,5,25,100; the last step, 100, makes it champion"],
    ["--every <duration>", "how long a step of the ramp lasts at least (default: 10m)"],
    ["--least <number>", "predictions of the canary that a step takes at least (default: 100)"],
    ["--worse-errors <percent>", "by how much its failed share may be above the champion's (default: 1)"],
    ["--worse-latency <factor>", "how many times the champion's 95th percentile it may take (default: 1.5)"],
    ["--shadow <version>", "a version that is asked the same and never answers, or none"],
    ["--clear", "end the route: the champion answers everything"],
    ["--reason <text>", "why, for the audit trail"],
    ["--expect <revision>", "move it only if this is its revision now"],
  ],
  examples: [
    "slipway models route flight_delay --canary 7 --weight 10",
    "slipway models route flight_delay --canary 7 --ramp 1,5,25,100 --every 10m",
    "slipway models route flight_delay --weight 25",
    "slipway models route flight_delay --shadow 8",
    "slipway models route flight_delay --clear",
  ],
  load: () => import("./commands/models-route.ts"),
};
