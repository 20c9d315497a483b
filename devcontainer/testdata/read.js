// Reads texts, a JSON string a line, with the parser of VS Code and of the Dev
// Containers command line, and writes what it makes of each: a JSON object a line.
const { parse, visit, printParseErrorCode } = require(process.argv[2]);
require("readline").createInterface({ input: process.stdin }).on("line", (line) => {
  const text = JSON.parse(line).replace(/^\ufeff/, "");
  const errors = [], comments = [];
  const value = parse(text, errors, { allowTrailingComma: true });
  visit(text, { onComment: (offset, length) => comments.push(text.substr(offset, length)) });
  console.log(JSON.stringify({ value, comments, errors: errors.map((e) => printParseErrorCode(e.error) + " at " + e.offset) }));
});
