// Names for runs that nobody named: easier to say than an id, and unlikely to meet twice in one experiment.

import type { RandomBytes } from "../../core/core.ts";

const QUALITIES =
  "able airy ample bold brave breezy bright brisk calm clear clever crisp eager early fair fleet fond fresh gentle glad grand hardy honest jolly keen kind light lively loyal lucky mellow merry mild neat nimble noble patient placid plain proud quick quiet rapid ready sage sharp shiny silent sleek smooth snug solid sound spry stable steady still stout sunny swift tidy trim upbeat vivid warm wise witty".split(
    " ",
  );
const THINGS =
  "albatross anchor auk barge beacon bittern boom bosun bowline brig buoy capstan cleat clipper cormorant crane current cutter dinghy dolphin dory eddy eider estuary ferry fjord frigate galley gannet gull halyard harbor heron hull jetty keel kelp ketch kite lagoon lugger mast mooring narwhal oar osprey otter packet pelican petrel pier pilot pinnace plover porpoise puffin quay reef rudder sail schooner seal shoal skerry skiff sloop sound spar starling stern tern tide tiller trawler tug turnstone wharf windlass yawl".split(
    " ",
  );

/** A name like `steady-clipper-417`. */
export function madeUpName(random: RandomBytes): string {
  const [first = 0, second = 0, third = 0, fourth = 0] = random(4);
  const quality = QUALITIES[first % QUALITIES.length] ?? "";
  const thing = THINGS[second % THINGS.length] ?? "";
  return `${quality}-${thing}-${(third * 256 + fourth) % 1000}`;
}
