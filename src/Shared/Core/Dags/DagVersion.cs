using System.Buffers;
using System.Security.Cryptography;
using System.Text.Json;

namespace Sluice.Core.Dags;

/// <summary>The content address of a Dag: runs are pinned to it.</summary>
public static class DagVersion
{
    /// <summary>32 hex digits of the SHA-256 over the Dag's canonical JSON.</summary>
    /// <remarks>
    /// Equal for Dags that mean the same, in every process: places in files, former names, the offset in which a date was written, and the order and spacing of
    /// keys in params and arguments do not count.
    /// </remarks>
    public static string Of(DagSpec dag)
    {
        var canonical = dag with
        {
            Location = null,
            RenamedFrom = null,
            StartDate = dag.StartDate?.ToUniversalTime(),
            EndDate = dag.EndDate?.ToUniversalTime(),
            Params = Canonical(dag.Params),
            ParamsSchema = dag.ParamsSchema is { } schema ? Canonical(schema) : null,
            TemplateFiles = dag.TemplateFiles is { } files ? new SortedDictionary<string, string>(files.ToDictionary(), StringComparer.Ordinal) : null,
            Tasks = [.. dag.Tasks.Select(task => task with
            {
                Location = null,
                RenamedFrom = null,
                StartDate = task.StartDate?.ToUniversalTime(),
                EndDate = task.EndDate?.ToUniversalTime(),
                Arguments = Canonical(task.Arguments),
            })],
        };
        var hash = SHA256.HashData(DagSpecJson.SerializeToUtf8Bytes(canonical));
        return Convert.ToHexStringLower(hash, 0, 16);
    }

    private static string Canonical(string json)
    {
        if (json == "{}")
        {
            return json;
        }

        try
        {
            using var document = JsonDocument.Parse(json);
            var buffer = new ArrayBufferWriter<byte>(json.Length);
            using (var writer = new Utf8JsonWriter(buffer))
            {
                WriteSorted(document.RootElement, writer);
            }

            return System.Text.Encoding.UTF8.GetString(buffer.WrittenSpan);
        }
        catch (JsonException)
        {
            return json; // the validator refuses it; a hash needs no opinion
        }
    }

    private static void WriteSorted(JsonElement element, Utf8JsonWriter writer)
    {
        switch (element.ValueKind)
        {
            case JsonValueKind.Object:
                writer.WriteStartObject();
                foreach (var property in element.EnumerateObject().OrderBy(property => property.Name, StringComparer.Ordinal))
                {
                    writer.WritePropertyName(property.Name);
                    WriteSorted(property.Value, writer);
                }

                writer.WriteEndObject();
                break;
            case JsonValueKind.Array:
                writer.WriteStartArray();
                foreach (var item in element.EnumerateArray())
                {
                    WriteSorted(item, writer);
                }

                writer.WriteEndArray();
                break;
            default:
                element.WriteTo(writer);
                break;
        }
    }
}
