using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Sluice.Services;

namespace Sluice.Bench;

/// <summary>What people do today: everything into memory by pandas.</summary>
internal sealed class PandasWay(MariaDbServer mysql, S3Server s3, string bucket)
{
    public Task<StepResult> ExtractAsync(string compression) => RunAsync(
        "extract.py",
        $"mysql+pymysql://{mysql.User}:{Uri.EscapeDataString(mysql.Password)}@127.0.0.1:{mysql.Port}/prod?charset=utf8mb4",
        s3.Endpoint.ToString().TrimEnd('/'),
        s3.AccessKey,
        s3.SecretKey,
        bucket,
        compression);

    /// <summary>Only some of the rows: it is slow.</summary>
    public Task<StepResult> LoadAsync(string file, string warehouse, long rows) => RunAsync(
        "load.py", file, warehouse.Replace("postgres://", "postgresql+psycopg2://", StringComparison.Ordinal), rows.ToString(CultureInfo.InvariantCulture));

    private static async Task<StepResult> RunAsync(string script, params string[] arguments)
    {
        var start = new ProcessStartInfo("/usr/bin/python3", [Path.Combine(Repository.Root, "bench", "pandas", script), .. arguments]) { RedirectStandardOutput = true };
        using var process = Process.Start(start)!;
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return process.ExitCode == 0
            ? JsonSerializer.Deserialize<StepResult>(output)!
            : throw new InvalidOperationException(string.Create(CultureInfo.InvariantCulture, $"{script} ended with {process.ExitCode}."));
    }
}
