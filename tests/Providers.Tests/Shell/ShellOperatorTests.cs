using System.Diagnostics;
using Sluice.Authoring.Operators;
using Sluice.Providers.Shell.Operators;

namespace Sluice.Providers.Tests.Shell;

public sealed class ShellOperatorTests
{
    private readonly TaskRun _run = new();

    [Fact]
    public async Task The_last_line_of_output_is_returned_and_all_lines_are_logged()
    {
        var result = await _run.ExecuteAsync(new ShellOperator { Script = "echo first; echo oops >&2; printf '마지막'" });

        Assert.Equal("마지막", result);
        Assert.Equal(["first", "oops", "마지막"], _run.Log.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Values_of_the_environment_are_never_run()
    {
        const string evil = "$(echo pwned); `id` \"' \n2";

        var result = await _run.ExecuteAsync(new ShellOperator
        {
            Script = "printf '%s' \"$VALUE\" | tr '\\n' '|'",
            Env = new() { ["VALUE"] = evil },
        });

        Assert.Equal(evil.Replace('\n', '|'), result);
    }

    [Fact]
    public async Task The_script_knows_its_run_but_not_the_secrets_of_the_worker()
    {
        Environment.SetEnvironmentVariable("SLUICE_CONN_PROD", "mysql://root:secret@db/prod");

        var result = await _run.ExecuteAsync(new ShellOperator { Script = "echo $(env | grep -c SLUICE_CONN_PROD || true) $SLUICE_DAG_ID $SLUICE_LOGICAL_DATE" });

        Assert.Equal("0 dag 2021-02-05T00:00:00+00:00", result);
    }

    [Theory]
    [InlineData("exit 3", "3")]
    [InlineData("false; echo unreached", "1")]
    [InlineData("false | cat", "1")]
    [InlineData("echo $UNSET_NAME", "1")]
    [InlineData("kill -9 $$", "137")]
    public async Task A_script_that_fails_fails_the_attempt_with_its_exit_code(string script, string code)
    {
        var e = await Assert.ThrowsAsync<TaskErrorException>(() => _run.ExecuteAsync(new ShellOperator { Script = script }));

        Assert.Contains($"exit code {code}.", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Exit_code_99_skips() =>
        await Assert.ThrowsAsync<TaskSkippedException>(() => _run.ExecuteAsync(new ShellOperator { Script = "exit 99" }));

    [Fact]
    public async Task A_line_without_end_is_logged_in_pieces()
    {
        await _run.ExecuteAsync(new ShellOperator { Script = "head -c 300000 /dev/zero | tr '\\0' x" });

        Assert.Equal(300_000, _run.Log.Sum(line => line.Length));
        Assert.True(_run.Log.Max(line => line.Length) <= 128 * 1024);
    }

    [Fact]
    public async Task Cancelling_stops_the_script_and_its_children()
    {
        using var cancel = new CancellationTokenSource();
        var running = _run.ExecuteAsync(new ShellOperator { Script = "sleep 1000 & echo $!; echo ready; wait" }, cancel.Token);
        await Until.TrueAsync(() => _run.Log.Contains("ready"), "it is ready");
        await cancel.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
        var child = int.Parse(_run.Log.First());
        await Until.TrueAsync(() => !IsRunning(child), "its child has ended");
    }

    [Fact]
    public async Task A_script_that_is_cancelled_may_clean_up()
    {
        using var cancel = new CancellationTokenSource();
        using var folder = new TestFolder();
        var running = _run.ExecuteAsync(
            new ShellOperator { Script = "trap 'echo cleaned > done.txt; exit 1' TERM; echo ready; while true; do sleep 0.05; done", WorkingDirectory = folder.Path },
            cancel.Token);
        await Until.TrueAsync(() => _run.Log.Contains("ready"), "it is ready");
        await cancel.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
        Assert.Equal("cleaned\n", await File.ReadAllTextAsync(folder["done.txt"]));
    }

    private static bool IsRunning(int process)
    {
        try
        {
            // A zombie that nobody reaps yet does not run.
            return !File.ReadAllText($"/proc/{process}/stat").Contains(") Z ", StringComparison.Ordinal);
        }
        catch (IOException)
        {
            return false;
        }
    }
}
