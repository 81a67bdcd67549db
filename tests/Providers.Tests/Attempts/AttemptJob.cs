using System.Text.Json;
using System.Text.Json.Serialization;
using Sluice.Authoring.Callbacks;
using Sluice.Authoring.Operators;
using Sluice.Core.Callbacks;
using Sluice.Providers.All;
using Sluice.Providers.Aws.Operators;

namespace Sluice.Providers.Tests.Attempts;

/// <summary>What an attempt in a process of its own does.</summary>
internal sealed record AttemptJob
{
    private static readonly JsonSerializerOptions Json = new() { Converters = { new JsonStringEnumConverter() } };

    /// <summary>Connections by id.</summary>
    public required Dictionary<string, string> Connections { get; init; }

    /// <summary>Which attempt it is.</summary>
    public required int Attempt { get; init; }

    /// <summary>Set for an extract.</summary>
    public SqlToS3Operator? Extract { get; init; }

    /// <summary>Set for an extract that Redshift writes.</summary>
    public RedshiftToS3Operator? Unload { get; init; }

    /// <summary>Set for a load.</summary>
    public S3ToRedshiftOperator? Load { get; init; }

    /// <summary>Set for several loads at once, which is cheaper than a process each.</summary>
    public IReadOnlyList<S3ToRedshiftOperator> Loads { get; init; } = [];

    /// <summary>Set for both in one: arguments of a TransferOperator as JSON.</summary>
    public string? Transfer { get; init; }

    /// <summary>Set for a mail that tells of <see cref="Note"/>.</summary>
    public EmailNotifier? Mail { get; init; }

    /// <summary>What has happened.</summary>
    public CallbackNote? Note { get; init; }

    /// <summary>From 1; the process sends itself <see cref="Signal"/> when SQLite is about to run so many statements. 0: never.</summary>
    public int AtStatement { get; init; }

    /// <summary>9 for SIGKILL, 19 for SIGSTOP.</summary>
    public int Signal { get; init; }

    /// <summary>A folder: before each statement of SQLite its text and the database as it is on the disk are put there, as 1.sql and 1.db.</summary>
    public string? Traces { get; init; }

    /// <summary>A file: when the attempt fails, what lies beside it is told, it is deleted, and the attempt is made again.</summary>
    public string? Filler { get; init; }

    internal static AttemptJob Parse(string json) => JsonSerializer.Deserialize<AttemptJob>(json, Json)!;

    internal string ToJson() => JsonSerializer.Serialize(this, Json);

    /// <summary>Runs it as the process that calls.</summary>
    internal async Task<object?> RunAsync()
    {
        var run = new TaskRun { Note = Note };
        foreach (var (id, uri) in Connections)
        {
            run.With(id, uri);
        }

        if (Mail is not null)
        {
            return await run.ExecuteAsync(Mail);
        }

        if (Transfer is not null)
        {
            return await run.As(Attempt).ExecuteAsync(new OperatorFactory(BuiltInProviders.Catalog()).Create(nameof(TransferOperator), Transfer));
        }

        if (Loads.Count > 0)
        {
            await Task.WhenAll(Loads.Select(load => run.As(Attempt).ExecuteAsync(load)));
            return null;
        }

        return await run.As(Attempt).ExecuteAsync(Extract ?? Unload ?? (Operator)Load!);
    }
}
