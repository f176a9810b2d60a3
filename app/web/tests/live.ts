// What npm's graphql-ws makes of the server at argv[2] (ws://…), in the cases that pytest asks for (argv[3]).
import { createClient, type Client, type FormattedExecutionResult } from "graphql-ws";

const [url, what] = process.argv.slice(2) as [string, string];
const DRIFT = `subscription($ids: [String!]!) {
  driftUpdates(contextWindowIds: $ids) { sequence newSignalCount conversation { contextWindowId } }
}`;

function tell(event: unknown): void {
  process.stdout.write(JSON.stringify(event) + "\n");
}

function client(more: object = {}): Client {
  return createClient({
    url,
    retryAttempts: 100,
    shouldRetry: () => true,
    retryWait: () => new Promise((resolve) => setTimeout(resolve, 50)),
    on: {
      connected: () => tell("connected"),
      closed: (event) => tell({ closed: (event as CloseEvent).code }),
    },
    ...more,
  });
}

async function follow(made: Client, query: string, variables: Record<string, unknown> = {}): Promise<void> {
  try {
    for await (const result of made.iterate({ query, variables })) {
      const { data, errors } = result as FormattedExecutionResult;
      tell(errors ? { refused: errors.map((each) => each.extensions?.["code"]) } : data);
    }
    tell("complete");
  } catch (error) {
    tell({ refused: Array.isArray(error) ? error.map((each) => each.extensions.code) : String(error) });
  }
}

const cases: Record<string, () => Promise<void>> = {
  drift: () => follow(client(), DRIFT, { ids: ["a"] }),
  query: async () => {
    const made = client();
    await follow(made, "{ __typename }");
    await made.dispose();
  },
  refused: async () => {
    const made = client();
    await follow(made, DRIFT, { ids: ["nobody"] });
    await follow(made, "{ nope }");
    await made.dispose();
  },
};

await cases[what]!();
process.exit();
