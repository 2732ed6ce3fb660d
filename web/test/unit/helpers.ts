export { compareFiles as compareFilesFor } from "../../src/notebook/difference";
