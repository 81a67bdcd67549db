using System.Globalization;
using Sluice.Authoring.Operators;
using Sluice.Providers.Shell.Processes;

namespace Sluice.Providers.Shell.Operators;

/// <summary>Runs a shell script on the worker: bash with <c>-euo pipefail</c>, or sh with <c>-eu</c> where there is no bash.</summary>
/// <remarks>
/// Output goes to the attempt's log line by line; the last line of standard output becomes the XCom <c>return_value</c>. Exit code 99 skips
/// the task, any other but 0 fails it. The script sees the worker's environment without what begins with <c>SLUICE_</c>, then
/// <c>SLUICE_DAG_ID</c>, <c>SLUICE_TASK_ID</c>, <c>SLUICE_RUN_ID</c>, <c>SLUICE_LOGICAL_DATE</c>, <c>SLUICE_TRY_NUMBER</c>, then <see cref="Env"/>.
/// </remarks>
public sealed class ShellOperator : Operator
{
    private const int SkipExitCode = 99;

    // Time to end in order before SIGKILL, and what remains of OnKill's ten seconds for the rest.
    private static readonly TimeSpan KillGrace = TimeSpan.FromSeconds(10);

    // A child left in the background may hold the output open for ever.
    private static readonly TimeSpan OutputGrace = TimeSpan.FromSeconds(5);

    private readonly Lock _logging = new();
    private ProcessGroup? _running;

    /// <summary>
    /// The script. What a template puts into it becomes part of the script, whatever it holds: values that others may choose (a run's conf,
    /// an XCom, a file's name) belong into <see cref="Env"/> and are used as <c>"$NAME"</c>.
    /// </summary>
    [Templated(".sh", ".bash")]
    public string Script { get; set; } = "";

    /// <summary>Further environment variables.</summary>
    [Templated]
    public Dictionary<string, string> Env { get; set; } = [];

    /// <summary>Folder in which the script begins. Default: an empty one of its own, deleted afterwards.</summary>
    [Templated]
    public string? WorkingDirectory { get; set; }

    /// <inheritdoc/>
    public override async ValueTask<object?> ExecuteAsync(TaskContext context, CancellationToken cancellationToken)
    {
        var own = string.IsNullOrEmpty(WorkingDirectory) ? Directory.CreateTempSubdirectory("sluice-shell-") : null;
        try
        {
            return await RunAsync(context, own?.FullName ?? WorkingDirectory!, cancellationToken);
        }
        finally
        {
            own?.Delete(recursive: true);
        }
    }

    /// <inheritdoc/>
    public override async ValueTask OnKillAsync(TaskContext context)
    {
        // Execution stops the group itself when it is cancelled; this is for whoever only calls here.
        if (_running is { } running)
        {
            await running.StopAsync(KillGrace);
        }
    }

    private async Task<string?> RunAsync(TaskContext context, string folder, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        using var group = ProcessGroup.Start(Script, Environment(context), folder);
        _running = group;
        try
        {
            return await FollowAsync(context, group, cancellationToken);
        }
        catch (OperationCanceledException)
        {
            await group.StopAsync(KillGrace);
            throw;
        }
        finally
        {
            _running = null;
        }
    }

    private async Task<string?> FollowAsync(TaskContext context, ProcessGroup group, CancellationToken cancellationToken)
    {
        string? last = null;
        using var stopReading = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var reading = Task.WhenAll(
            OutputLines.ReadAsync(group.Output, line => Log(context, last = line), stopReading.Token),
            OutputLines.ReadAsync(group.Errors, line => Log(context, line), stopReading.Token));

        await group.WaitAsync(cancellationToken);
        stopReading.CancelAfter(OutputGrace);
        try
        {
            await reading;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            Log(context, "The script has ended, but something that it left running holds its output open; what that writes is not read.");
        }

        return group.ExitCode switch
        {
            0 => last,
            SkipExitCode => throw new TaskSkippedException($"The script ended with exit code {SkipExitCode}: skip."),
            var code => throw new TaskErrorException($"The script ended with exit code {code}."),
        };
    }

    private void Log(TaskContext context, string line)
    {
        lock (_logging)
        {
            context.Log(line);
        }
    }

    private Dictionary<string, string> Environment(TaskContext context)
    {
        var environment = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (System.Collections.DictionaryEntry entry in System.Environment.GetEnvironmentVariables())
        {
            // Connections, keys and the cluster's secret are configured by such names; a script has no business with them.
            if (entry is { Key: string name, Value: string value } && !name.StartsWith("SLUICE_", StringComparison.OrdinalIgnoreCase))
            {
                environment[name] = value;
            }
        }

        environment["SLUICE_DAG_ID"] = context.Dag.Id.Value;
        environment["SLUICE_TASK_ID"] = context.Task.Id.Value;
        environment["SLUICE_RUN_ID"] = context.Run.Id.Value;
        environment["SLUICE_LOGICAL_DATE"] = context.LogicalDate.ToString("yyyy-MM-ddTHH:mm:sszzz", CultureInfo.InvariantCulture);
        environment["SLUICE_TRY_NUMBER"] = context.TryNumber.ToString(CultureInfo.InvariantCulture);
        foreach (var (name, value) in Env)
        {
            environment[name] = value;
        }

        return environment;
    }
}
