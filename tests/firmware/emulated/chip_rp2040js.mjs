// One emulated chip, controlled with lines of JSON: node chip_rp2040js.mjs RP2040JS BOOTROM UF2
// For a line {"pins": {"3": 0}, "send": "hex", "run_us": 5000, "reset": "power", "hang": true} it prints the results.
// All times are the chip's own: the program reads no clock.
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';

const [library, bootromPath, uf2Path] = process.argv.slice(2);
const { RP2040, LogLevel, ConsoleLogger } = await import(`${library}/index.js`);
const { RPUART } = await import(`${library}/peripherals/uart.js`);

const CYCLE_NS = 8; // 125 MHz
const BYTE_NS = 86_806; // ten bits at 115,200 baud
const FLASH = 0x10000000;
const RAM_TOP = 0x20041ff0; // the end of the second core's stack, which is not in use
const XIP_MASK = 0x00ffffff;

// The emulator never ends the transmit interrupt, and machine.UART() waits for its end. The chip raises it when its
// queue is empty. So it is raised here after each written byte, until the firmware clears it.
const TX_INTERRUPT = 1 << 5;
const writeRegister = RPUART.prototype.writeUint32;
RPUART.prototype.checkInterrupts = function () {
  this.rp2040.setInterrupt(this.irq, (this.interruptStatus & this.interruptMask) !== 0);
};
RPUART.prototype.writeUint32 = function (offset, value) {
  if (offset === 0) this.interruptStatus |= TX_INTERRUPT;
  writeRegister.call(this, offset, value);
  this.checkInterrupts();
};

const bootrom = new Uint32Array(JSON.parse(readFileSync(bootromPath, 'utf8')));
const ERASE = 1, PROGRAM = 2;
hookRom('RE', ERASE);
hookRom('RP', PROGRAM);

// The emulator's flash chip knows no commands. So the two routines of the boot ROM that send them become a
// breakpoint, which `onBreak` handles, and a return.
function hookRom(name, code) {
  const half = (at) => (bootrom[at >> 2] >>> ((at & 2) * 8)) & 0xffff;
  const put = (at, value) => {
    const shift = (at & 2) * 8;
    bootrom[at >> 2] = ((bootrom[at >> 2] & ~(0xffff << shift)) | (value << shift)) >>> 0;
  };
  const wanted = name.charCodeAt(0) | (name.charCodeAt(1) << 8);
  for (let at = half(0x14); half(at) !== 0; at += 4) {
    if (half(at) !== wanted) continue;
    const entry = half(at + 2) & ~1;
    put(entry, 0xbe00 | code); // bkpt
    put(entry + 2, 0x4770); // bx lr
    return;
  }
  throw new Error(`no ${name} in the boot ROM`);
}

let chip, before = 0, levels = [], received = [], resets = 0, wanted = {};

function now() { return Math.round((before + chip.clock.nanos) / 1000); }

function start(flash, reason) {
  before += chip ? chip.clock.nanos : 0;
  chip = new RP2040();
  chip.loadBootrom(bootrom);
  chip.logger = new ConsoleLogger(LogLevel.Error);
  chip.flash.set(flash);
  chip.onBreak = (code) => {
    const [r0, r1, r2] = chip.core.registers;
    if (code === ERASE) chip.flash.fill(0xff, r0, r0 + r1);
    else if (code === PROGRAM) for (let i = 0; i < r2; i++) chip.flash[r0 + i] &= chip.readUint8(r1 + i);
    else throw new Error(`the firmware hit a breakpoint: ${code}`);
  };
  const watchdog = chip.peripherals[0x40058];
  watchdog.reason = reason;
  watchdog.onWatchdogTrigger = () => {
    watchdog.alarm.enable = false; // at zero it fires again and again, without a pause
    resets += 1;
    rebootAs = 1;
  };
  chip.uart[0].onByte = (byte) => received.push(byte);
  for (const pin of chip.gpio) {
    levels.push([now(), pin.index, pin.value]);
    pin.addListener((value) => levels.push([now(), pin.index, value]));
  }
  for (const [pin, level] of Object.entries(wanted)) chip.gpio[pin].setInputValue(level === 1);
  chip.core.PC = FLASH;
}

// Puts the program into an endless loop with interrupts off.
function hang() {
  chip.writeUint16(RAM_TOP, 0xe7fe); // b .
  chip.core.PM = true;
  chip.core.waiting = false;
  chip.core.PC = RAM_TOP;
}

let rebootAs = null;
function run(us) {
  let end = chip.clock.nanos + us * 1000;
  while (chip.clock.nanos < end) {
    if (chip.core.waiting) {
      chip.clock.tick(Math.min(chip.clock.nanosToNextAlarm || CYCLE_NS, end - chip.clock.nanos));
    } else {
      chip.clock.tick(chip.core.executeInstruction() * CYCLE_NS);
    }
    if (rebootAs !== null) {
      end -= chip.clock.nanos;
      start(chip.flash, rebootAs);
      rebootAs = null;
    }
  }
}

function send(bytes) {
  bytes.forEach((byte, index) => {
    const owner = chip;
    const alarm = chip.clock.createAlarm(() => { if (owner === chip) chip.uart[0].feedByte(byte); });
    alarm.schedule((index + 1) * BYTE_NS);
  });
}

const image = new Uint8Array(16 * 1024 * 1024).fill(0xff);
const uf2 = readFileSync(uf2Path);
for (let at = 0; at < uf2.length; at += 512) {
  const size = uf2.readUInt32LE(at + 16);
  image.set(uf2.subarray(at + 32, at + 32 + size), uf2.readUInt32LE(at + 12) & XIP_MASK);
}

for await (const line of createInterface({ input: process.stdin })) {
  const asked = JSON.parse(line);
  levels = []; received = [];
  Object.assign(wanted, asked.pins ?? {});
  if (!chip) start(image, 0);
  else if (asked.reset) start(chip.flash, 0);
  for (const [pin, level] of Object.entries(asked.pins ?? {})) chip.gpio[pin].setInputValue(level === 1);
  if (asked.hang) hang();
  send([...Buffer.from(asked.send ?? '', 'hex')]);
  run(asked.run_us ?? 0);
  console.log(JSON.stringify({ us: now(), received: Buffer.from(received).toString('hex'), levels, resets }));
}
process.exit(0); // the emulator does not stop its PIO by itself
