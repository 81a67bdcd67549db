using System.Diagnostics;
using System.Text;
using System.Text.Json;

namespace Sluice.Bench;

/// <summary>What <c>sluice simulate</c> takes over a month of 100 DAGs: a process of its own, from its start to its end, as a person waits for it.</summary>
internal sealed class SimulateMeasurements(int repeats, Action<string> progress)
{
    private const int Dags = 100;
    private const double GoalSeconds = 5;

    public async Task<IReadOnlyList<Figure>> AllAsync()
    {
        var folder = Directory.CreateTempSubdirectory("sluice-bench-");
        try
        {
            await File.WriteAllTextAsync(Path.Combine(folder.FullName, "month.yaml"), Month());
            (double Seconds, double Cpu) best = (double.MaxValue, 0);
            var (runs, attempts) = (0, 0);
            for (var repeat = 0; repeat < repeats; repeat++)
            {
                progress($"a month of {Dags} DAGs, {repeat + 1} of {repeats}");
                var busy = MachineCpu.Busy(); // a process that has ended does not tell its own
                var clock = Stopwatch.StartNew();
                using var process = Process.Start(new ProcessStartInfo(
                    "dotnet",
                    [Path.Combine(AppContext.BaseDirectory, "sluice.dll"), "simulate", "--from", "2026-10-01", "--to", "2026-11-01", "--dag-folder", folder.FullName, "--json"])
                {
                    RedirectStandardOutput = true,
                })!;
                var output = await process.StandardOutput.ReadToEndAsync();
                await process.WaitForExitAsync();
                var seconds = clock.Elapsed.TotalSeconds;
                if (process.ExitCode != 0)
                {
                    throw new InvalidOperationException($"sluice simulate ended with {process.ExitCode}.");
                }

                using var report = JsonDocument.Parse(output);
                var made = report.RootElement.GetProperty("runs").EnumerateArray().ToList();
                (runs, attempts) = (made.Count, made.Sum(run => run.GetProperty("attempts").GetInt32()));
                best = seconds < best.Seconds ? (seconds, (MachineCpu.Busy() - busy).TotalSeconds) : best;
            }

            return
            [
                new("a month of 100 daily DAGs of five tasks", best.Seconds, "s", GoalSeconds),
                new("CPU time of the machine meanwhile", best.Cpu, "s"),
                new("runs made", runs, "runs"),
                new("attempts made", attempts, "attempts"),
            ];
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static string Month()
    {
        var text = new StringBuilder("dags:\n");
        for (var dag = 0; dag < Dags; dag++)
        {
            text.Append("  - dag_id: month_").Append(dag).Append("\n    schedule: \"@daily\"\n    start_date: 2026-01-01\n    tasks:\n");
            for (var task = 0; task < 5; task++)
            {
                text.Append("      - {id: t").Append(task).Append(", operator: ShellOperator, script: echo hello").Append(task == 0 ? "" : $", depends_on: t{task - 1}").Append("}\n");
            }
        }

        return text.ToString();
    }
}
