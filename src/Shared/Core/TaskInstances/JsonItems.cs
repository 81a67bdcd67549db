using System.Text;
using System.Text.Json;

namespace Sluice.Core.TaskInstances;

/// <summary>A list that tasks are mapped over, cut into its elements once: whoever needs one need not read the others again.</summary>
/// <remarks>The elements of an object are [key, value]. Immutable, so it may be shared between threads.</remarks>
public sealed class JsonItems
{
    private readonly byte[] _json;
    private readonly (int Key, int At, int End)[] _elements;

    private JsonItems(byte[] json, (int Key, int At, int End)[] elements) => (_json, _elements) = (json, elements);

    public int Count => _elements.Length;

    /// <summary>Bytes that it holds, about.</summary>
    public long Size => _json.Length + (12L * _elements.Length);

    /// <summary>JSON of one element.</summary>
    public string this[int index]
    {
        get
        {
            var (key, at, end) = _elements[index];
            var value = Encoding.UTF8.GetString(_json, at, end - at);
            if (key < 0)
            {
                return value;
            }

            // From the key's first quote to the value is the key, a colon and white space.
            var name = Encoding.UTF8.GetString(_json, key, at - key);
            return $"[{name[..name.LastIndexOf(':')].TrimEnd()},{value}]";
        }
    }

    /// <summary>Cuts a value; null when it is neither an array nor an object.</summary>
    public static JsonItems? Of(string json)
    {
        var bytes = Encoding.UTF8.GetBytes(json);
        var elements = new List<(int, int, int)>();
        try
        {
            var reader = new Utf8JsonReader(bytes);
            if (!reader.Read() || reader.TokenType is not (JsonTokenType.StartArray or JsonTokenType.StartObject))
            {
                return null;
            }

            var isObject = reader.TokenType == JsonTokenType.StartObject;
            while (reader.Read() && reader.CurrentDepth > 0)
            {
                var key = -1;
                if (isObject)
                {
                    key = (int)reader.TokenStartIndex;
                    reader.Read();
                }

                var at = (int)reader.TokenStartIndex;
                reader.Skip();
                elements.Add((key, at, (int)reader.BytesConsumed));
            }
        }
        catch (JsonException)
        {
            return null;
        }

        return new(bytes, [.. elements]);
    }

    /// <summary>The elements that a slice asks for, as many as go into one answer.</summary>
    public XComItems Take(XComSlice slice)
    {
        var (from, count) = slice.In(Count);
        var values = new List<string>(count);
        var length = 0L;
        while (values.Count < count && length < XComSlice.MaxChars)
        {
            values.Add(this[from + values.Count]);
            length += values[^1].Length;
        }

        return new(Count, values);
    }
}

/// <summary>Which elements of a list somebody needs.</summary>
/// <param name="From">Number of the first, from 0.</param>
/// <param name="Count">How many; fewer come when there are no more, or when they are large.</param>
/// <param name="Wraps">After the last element comes the first again, as often as it takes: an instance of a product finds its element without knowing the length.</param>
public sealed record XComSlice(int From, int Count, bool Wraps = false)
{
    /// <summary>An answer takes no further element once it has this many characters.</summary>
    public const int MaxChars = 1024 * 1024;

    /// <summary>First element and number of elements, in a list of this length.</summary>
    public (int From, int Count) In(int length)
    {
        var from = Wraps && length > 0 ? From % length : From;
        return (from, Math.Clamp(length - from, 0, Count));
    }
}

/// <summary>Some elements of a list.</summary>
/// <param name="Length">How many the list has.</param>
/// <param name="Values">JSON of each of those that were asked for; none when they lie beyond the end.</param>
public sealed record XComItems(int Length, IReadOnlyList<string> Values);
