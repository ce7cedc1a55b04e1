// The last line of CI: `N passed, N failed`, from vitest's own report. A file that does not load and a
// check that fails are failures too, so that the line and the exit code can never disagree.
import { readFileSync } from "node:fs";

const [reportFile, testsCode, checksCode] = process.argv.slice(2);
let passed = 0;
let failed = 0;
try {
  const report = JSON.parse(readFileSync(reportFile, "utf8"));
  passed = report.numPassedTests;
  failed = report.numFailedTests;
  failed += report.testResults.filter(
    ({ status, assertionResults }) =>
      status === "failed" && !assertionResults.some((test) => test.status === "failed"),
  ).length;
} catch (error) {
  console.log(`no test report: ${error.message}`);
}
if (testsCode !== "0" && failed === 0) failed = 1;
if (checksCode !== "0") failed += 1;
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed === 0 && passed > 0 ? 0 : 1);
