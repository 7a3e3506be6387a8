// Answers of @lhncbc/ucum-lhc. Arguments: the folder of node_modules. On stdin a JSON array of [value, from, to];
// on stdout an array as long: the converted value, null where it refuses, "invalid" where a unit is none to it.
// Without a "to": whether "from" is valid.
console.log = console.error; // the package writes to stdout at times
const { UcumLhcUtils } = require(require('path').resolve(process.argv[2], '@lhncbc/ucum-lhc'));
const units = UcumLhcUtils.getInstance();
const valid = (unit) => units.validateUnitString(unit).status === 'valid';

function answer([value, from, to]) {
  if (to === null) return valid(from);
  if (!valid(from) || !valid(to)) return 'invalid';
  const found = units.convertUnitTo(from, value, to);
  return found.status === 'succeeded' && Number.isFinite(found.toVal) ? found.toVal : null;
}

process.stdout.write(JSON.stringify(JSON.parse(require('fs').readFileSync(0, 'utf8')).map(answer)));
