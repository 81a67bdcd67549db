using System.Buffers.Binary;
using System.Globalization;

namespace Sluice.Authoring.Evidence;

/// <summary>The hash of rows. Its values are stored and compared across versions: never change it.</summary>
/// <remarks>
/// A value's bytes are folded eight at a time by 64 x 64 bit multiplication (as wyhash does), values into a row by their place, rows into a sum
/// modulo 2^128. It guards against mistakes, not against someone who makes collisions on purpose.
/// </remarks>
internal struct RowHash
{
    private const ulong Seed = 0x9E3779B97F4A7C15;
    private const ulong OfWords = 0xA0761D6478BD642F;
    private const ulong OfTails = 0xE7037ED1A0B428DB;
    private const ulong OfValues = 0x8EBC6AF09C88C6E3;
    private const ulong OfNulls = 0x589965CC75374CC3;
    private const ulong OfRows = 0x1D8E4E27C47D124F;

    private ulong _row;
    private UInt128 _sum;

    public RowHash() => _row = Seed;

    internal void AddNull() => _row = Mix(_row ^ OfNulls, OfValues);

    internal void Add(ReadOnlySpan<byte> value)
    {
        var hash = Seed ^ (ulong)value.Length;
        while (value.Length >= 8)
        {
            hash = Mix(hash ^ BinaryPrimitives.ReadUInt64LittleEndian(value), OfWords);
            value = value[8..];
        }

        var tail = 0UL;
        foreach (var one in value)
        {
            tail = (tail << 8) | one;
        }

        Add(Mix(hash ^ tail, OfTails));
    }

    internal void Add(double value) => Add(Mix(Seed ^ BitConverter.DoubleToUInt64Bits(value == 0 ? 0 : value), OfTails));

    internal void EndRow()
    {
        _sum += new UInt128(Mix(_row, OfRows), Mix(_row ^ OfRows, OfWords));
        _row = Seed;
    }

    internal readonly UInt128 Sum => _sum;

    internal static string Text(UInt128 sum) => sum.ToString("x32", CultureInfo.InvariantCulture);

    internal static string Difference(string sum, string part) => Text(unchecked(
        UInt128.Parse(sum, NumberStyles.HexNumber, CultureInfo.InvariantCulture) - UInt128.Parse(part, NumberStyles.HexNumber, CultureInfo.InvariantCulture)));

    private void Add(ulong value) => _row = Mix(_row ^ value, OfValues) + value;

    private static ulong Mix(ulong a, ulong b)
    {
        var high = Math.BigMul(a, b, out var low);
        return high ^ low;
    }
}
