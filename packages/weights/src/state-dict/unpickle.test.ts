import { describe, expect, it } from 'vitest';
import { PICKLE, pickledDict, pickleOf } from '../testing/torch-archive.js';
import { MAX_OPERATIONS, MAX_PICKLE_BYTES, unpickle } from './unpickle.js';
import { type PickledDict, PickledFloat, type PickledList, PickledTuple } from './values.js';

const bytes = (...values: number[]) => Buffer.from(values);
const { text, emptyDict, emptyTuple, mark, tuple, reduce, build, global } = PICKLE;
const orderedDict = [global('collections', 'OrderedDict'), emptyTuple, reduce];
const EMPTY_LIST = Buffer.from(']');
const MEMOIZE = bytes(0x94);

describe('a pickle of plain values', () => {
  it('is those values', () => {
    const entries = { true: bytes(0x88), none: Buffer.from('N'), text: text('Ω') };
    const value = unpickle(pickleOf(pickledDict(entries))) as PickledDict;
    expect([...value.entries]).toEqual([
      ['true', true],
      ['none', null],
      ['text', 'Ω'],
    ]);
  });

  it.each([
    ['BININT', bytes(0x4a, 0xff, 0xff, 0xff, 0xff), -1],
    ['BININT2', bytes(0x4d, 0x01, 0x02), 513],
    ['LONG1 of nothing', bytes(0x8a, 0), 0],
    ['LONG1 below zero', bytes(0x8a, 2, 0x00, 0x80), -32768],
    ['LONG1 beyond 2⁵³', bytes(0x8a, 8, 0, 0, 0, 0, 0, 0, 0, 0x40), 2n ** 62n],
  ])('has whole numbers: %s', (_, part, expected) => {
    expect(unpickle(pickleOf(part))).toBe(expected);
  });

  it('has floats that are no whole numbers', () => {
    const value = unpickle(pickleOf(bytes(0x47, 0x40, 0x08, 0, 0, 0, 0, 0, 0)));
    expect(value).toEqual(new PickledFloat(3));
  });

  it('has lists and tuples', () => {
    const list = [EMPTY_LIST, mark, bytes(0x4b, 1), bytes(0x4b, 2, 0x85), Buffer.from('e')];
    const value = unpickle(pickleOf(...list)) as PickledList;
    expect(value.items).toEqual([1, new PickledTuple([2])]);
  });

  it('may hold one value twice', () => {
    const twice = [EMPTY_LIST, MEMOIZE, bytes(0x68, 0), bytes(0x86)];
    const [first, second] = (unpickle(pickleOf(...twice)) as PickledTuple).items;
    expect(first).toBe(second);
  });
});

describe('a pickle is refused by name', () => {
  it.each<[what: string, parts: readonly Buffer[], text: string]>([
    [
      'calls a type of storage',
      [global('torch', 'FloatStorage'), emptyTuple, reduce],
      'a call of torch.FloatStorage',
    ],
    ['names by STACK_GLOBAL', [text('os'), text('system'), bytes(0x93)], 'the object os.system'],
    ['names much', [global('x'.repeat(500), 'y')], `the object ${'x'.repeat(69)}…`],
    ['names with a terminal’s orders', [global('\x1b[2J', 'y')], 'the object \ufffd[2J.y'],
    ['sets attributes', [...orderedDict, pickledDict({ keys: emptyDict }), build], '(BUILD)'],
    ['sets a tuple’s attributes', [emptyTuple, emptyDict, build], '(BUILD)'],
    [
      'has another persistent id',
      [text('7'), PICKLE.persistentId],
      'a persistent id that is no storage',
    ],
    [
      'has a storage of no type',
      [
        mark,
        text('storage'),
        text('f'),
        text('0'),
        text('cpu'),
        bytes(0x4b, 1),
        tuple,
        PICKLE.persistentId,
      ],
      'a persistent id that is no storage',
    ],
    ['makes instances', [mark, Buffer.from('ios\nsystem\n')], 'the operation INST'],
    ['makes objects', [bytes(0x81)], 'the operation NEWOBJ'],
    ['uses extensions', [bytes(0x82, 1)], 'the operation EXT1'],
    ['has bytes', [bytes(0x43, 1, 0)], 'the operation SHORT_BINBYTES'],
    ['has a set', [bytes(0x8f)], 'the operation EMPTY_SET'],
    [
      'has a dict by tuples',
      [emptyDict, emptyTuple, emptyTuple, Buffer.from('s')],
      'a dict whose key is a tuple',
    ],
    [
      'has a list in itself',
      [EMPTY_LIST, MEMOIZE, bytes(0x68, 0), Buffer.from('a')],
      'a container that holds itself',
    ],
    [
      'has a list in itself by way of a tuple',
      [EMPTY_LIST, MEMOIZE, bytes(0x68, 0), bytes(0x85), Buffer.from('a')],
      'a container that holds itself',
    ],
    [
      'has a dict in itself by way of a list',
      [
        emptyDict,
        MEMOIZE,
        text('a'),
        EMPTY_LIST,
        bytes(0x68, 0),
        Buffer.from('a'),
        Buffer.from('s'),
      ],
      'a container that holds itself',
    ],
  ])('where it %s', (_, parts, found) => {
    expect(() => unpickle(pickleOf(...parts))).toThrow(
      expect.objectContaining({
        code: 'weights/pickle-not-plain',
        message: expect.stringContaining(found),
      }),
    );
  });

  it.each<[what: string, pickle: Buffer, text: string]>([
    ['is empty', Buffer.alloc(0), 'ends within an operation'],
    [
      'says too long a text',
      pickleOf(Buffer.from('X\xff\xff\xff\x7fab', 'latin1')),
      'ends within an operation',
    ],
    [
      'says too long a text of 64 bits',
      pickleOf(bytes(0x8d, 0, 0, 0, 0, 0, 0, 0, 0x7f)),
      'ends within an operation',
    ],
    ['says too long a frame', pickleOf(bytes(0x95, 0, 0, 0, 0, 0, 1, 0, 0)), 'a frame of it'],
    ['has a name without an end', pickleOf(Buffer.from('cos')), 'ends within an operation'],
    ['has a text of no UTF-8', pickleOf(bytes(0x8c, 1, 0xff)), 'is not UTF-8'],
    ['has an unknown operation', pickleOf(bytes(0xff)), 'an operation 0xff'],
    ['takes from nothing', pickleOf(bytes(0x85)), 'takes a value that is not there'],
    [
      'takes from below a mark',
      pickleOf(emptyDict, mark, bytes(0x85)),
      'takes a value that is not there',
    ],
    ['goes back to no mark', pickleOf(tuple), 'a mark that is not there'],
    ['recalls nothing', pickleOf(bytes(0x68, 3)), 'recalls value 3'],
    ['fills a tuple', pickleOf(emptyTuple, emptyTuple, Buffer.from('a')), 'fills what is no list'],
    ['gives a key no value', pickleOf(emptyDict, mark, text('a'), PICKLE.setItems), 'has no value'],
    ['calls a text', pickleOf(text('print'), emptyTuple, reduce), 'calls what is no function'],
    [
      'rebuilds a tensor of nothing',
      pickleOf(global('torch._utils', '_rebuild_tensor_v2'), emptyTuple, reduce),
      'a tensor has no',
    ],
    [
      'rebuilds a parameter of nothing',
      pickleOf(global('torch._utils', '_rebuild_parameter'), emptyTuple, reduce),
      'a parameter is no tensor',
    ],
    ['is of protocol 0', bytes(0x80, 0), 'of protocol 0'],
    ['ends with two values', pickleOf(emptyDict, emptyDict), 'more than one value'],
    ['ends within a mark', pickleOf(mark, emptyDict), 'more than one value'],
    [
      'goes on behind its end',
      Buffer.concat([pickleOf(emptyDict), bytes(0)]),
      '1 bytes behind its end',
    ],
    [
      'has too many operations',
      pickleOf(Buffer.alloc(MAX_OPERATIONS, 'N')),
      'operations, too many',
    ],
    ['is too long', Buffer.alloc(MAX_PICKLE_BYTES + 1), 'bytes, too many'],
  ])('where it %s', (_, pickle, reason) => {
    expect(() => unpickle(pickle)).toThrow(
      expect.objectContaining({
        code: 'weights/pickle-damaged',
        message: expect.stringContaining(reason),
      }),
    );
  });
});
