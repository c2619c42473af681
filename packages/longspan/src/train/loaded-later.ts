// What a training needs now and then, in one file that is imported when it does: a page that trains does not wait for it. One, since
// bundlers cut what two such files share into pieces of its own, each with a price.
export { flowOf } from "../flow/flow-report.js";
export { Ranks } from "./ranks.js";
