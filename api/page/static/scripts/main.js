/**
 * The search page. One way round: the address is the state (store.js), the state is searched for (searching.js), the
 * results are shown by the modules below; what is clicked or typed there changes the state.
 */

import { addPictures } from "./adding.js";
import { askJson } from "./api.js";
import { searchBox } from "./box.js";
import { chips } from "./chips.js";
import { collectionPanel } from "./collection.js";
import { chooser } from "./collections.js";
import { detail } from "./detail.js";
import { dropping } from "./dropping.js";
import { grid } from "./grid.js";
import { enginePanel } from "./engine.js";
import { filtersPanel } from "./filters.js";
import { followHeader } from "./header.js";
import { withKey } from "./keyfield.js";
import { complain, notices } from "./notice.js";
import { panels } from "./panel.js";
import { Searching } from "./searching.js";
import { statusLine } from "./status.js";
import { Store } from "./store.js";

async function start() {
  const { collections } = await withKey(() => askJson("v1/collections"));
  if (!collections.length) throw new Error("there are no collections yet: `retrieval index FOLDER` makes one");
  const store = new Store();
  if (!store.state.collection) store.change({ collection: collections[0].name }, { replace: true });
  const searching = new Searching(store);
  chooser(store, collections);
  const { byPicture } = searchBox(store, complain);
  const add = (files) => addPictures(store.state.collection, files, () => searching.start());
  dropping(store, byPicture, add);
  chips(store);
  const { focusOn } = grid(store, searching);
  statusLine(store, searching);
  notices(store, searching);
  followHeader();
  panels(store, [filtersPanel(store), collectionPanel(store, searching, add), enginePanel(store, searching)]);
  const { show } = detail(store, searching, focusOn);
  searching.start();
  if (store.state.item) show(store.state.item);
}

/** Only what is complete is shown, so that nothing moves. */
const reveal = () => (document.getElementById("body").hidden = false);

start().catch(complain).finally(reveal);
