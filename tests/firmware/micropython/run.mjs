// Runs one program in MicroPython's WebAssembly build: node run.mjs PACKAGE MODULE FOLDER...
// The folders' Python files become its /lib. The module `wire` connects it to this process: stdin and stdout are the
// UART, a file has the levels of the input pins, and stderr gets the levels of the output pins.
import { readdirSync, readFileSync, readSync, writeSync } from 'node:fs';
import { join } from 'node:path';

const [packageFolder, program, ...folders] = process.argv.slice(2);
const { loadMicroPython } = await import(join(packageFolder, 'micropython.mjs'));
const micropython = await loadMicroPython({
  heapsize: 192 * 1024, // Python's memory on an RP2040
  stdout: (line) => writeSync(1, `${line}\n`),
  linebuffer: true,
});
const { FS } = micropython;
if (!FS.analyzePath('/lib').exists) FS.mkdir('/lib');
for (const folder of folders) {
  for (const name of readdirSync(folder)) {
    // MicroPython keeps its own `micropython` module; the file of that name is for CPython
    if (name.endsWith('.py') && name !== 'micropython.py') FS.writeFile(`/lib/${name}`, readFileSync(join(folder, name)));
  }
}

const sleeper = new Int32Array(new SharedArrayBuffer(4)); // never notified: Atomics.wait ends only by its time
const incoming = Buffer.alloc(256);
micropython.registerJsModule('wire', {
  read() {
    try {
      return incoming.toString('hex', 0, readSync(0, incoming));
    } catch (error) {
      if (error.code === 'EAGAIN') return '';
      process.exit(0); // the line is closed
    }
  },
  write(hex) { writeSync(1, Buffer.from(hex, 'hex')); },
  sleep(ms) { Atomics.wait(sleeper, 0, 0, ms); },
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
