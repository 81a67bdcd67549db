using System.Text.Json.Serialization;

namespace Sluice.Core.Dags;

/// <summary>Name of a Dag, unique in a deployment: letters, digits, <c>_ - .</c>, at most 250 characters.</summary>
[JsonConverter(typeof(DagIdConverter))]
public readonly record struct DagId(string Value)
{
    public override string ToString() => Value;
}

/// <summary>Name of a task, unique in its Dag; a group's tasks carry the group's prefix (<c>group_1.task_1_1</c>).</summary>
[JsonConverter(typeof(TaskIdConverter))]
public readonly record struct TaskId(string Value)
{
    public override string ToString() => Value;
}

public sealed class DagIdConverter : JsonConverter<DagId>
{
    public override DagId Read(ref System.Text.Json.Utf8JsonReader reader, Type typeToConvert, System.Text.Json.JsonSerializerOptions options) =>
        new(reader.GetString()!);

    public override void Write(System.Text.Json.Utf8JsonWriter writer, DagId value, System.Text.Json.JsonSerializerOptions options) =>
        writer.WriteStringValue(value.Value);
}

public sealed class TaskIdConverter : JsonConverter<TaskId>
{
    public override TaskId Read(ref System.Text.Json.Utf8JsonReader reader, Type typeToConvert, System.Text.Json.JsonSerializerOptions options) =>
        new(reader.GetString()!);

    public override void Write(System.Text.Json.Utf8JsonWriter writer, TaskId value, System.Text.Json.JsonSerializerOptions options) =>
        writer.WriteStringValue(value.Value);
}
