// MicroPython's WebAssembly build runs one program: node run.mjs PACKAGE MODULE FOLDER...
// The folders' Python files become its /lib. Module `wire` joins it to this process: stdin and stdout are the
// line, a file holds the levels of the pins that are inputs, stderr tells those that are outputs.
import { readdirSync, readFileSync, readSync, writeSync } from 'node:fs';
import { join } from 'node:path';

const [packageFolder, program, ...folders] = process.argv.slice(2);
const { loadMicroPython } = await import(join(packageFolder, 'micropython.mjs'));
const micropython = await loadMicroPython({
  heapsize: 192 * 1024, // what an RP2040 has for Python
  stdout: (line) => writeSync(1, `${line}\n`),
  linebuffer: true,
});
const { FS } = micropython;
if (!FS.analyzePath('/lib').exists) FS.mkdir('/lib');
for (const folder of folders) {
  for (const name of readdirSync(folder)) {
    // its own `micropython` module stays; the one of that name is for CPython
    if (name.endsWith('.py') && name !== 'micropython.py') FS.writeFile(`/lib/${name}`, readFileSync(join(folder, name)));
  }
}

const nobody = new Int32Array(new SharedArrayBuffer(4)); // who would wake us before our time
const incoming = Buffer.alloc(256);
micropython.registerJsModule('wire', {
  read() {
    try {
      return incoming.toString('hex', 0, readSync(0, incoming));
    } catch (error) {
      if (error.code === 'EAGAIN') return '';
      process.exit(0); // the line is gone
    }
  },
  write(hex) { writeSync(1, Buffer.from(hex, 'hex')); },
  sleep(ms) { Atomics.wait(nobody, 0, 0, ms); },
  levels() { return readFileSync(process.env.DOORWARD_PINS, 'latin1'); },
  tell(line) { writeSync(2, `${line}\n`); },
});
try {
  micropython.runPython(`import ${program}`);
} catch (error) {
  writeSync(2, `${error.message}\n`);
  process.exit(1);
}
process.exit(0);
