namespace Sluice.Cli.Secrets;

/// <summary>Takes values from the command line, or from standard input, where neither the shell's history nor <c>ps</c> sees them.</summary>
internal static class SecretInput
{
    /// <returns>The text as given; for <c>-</c> what standard input holds, without the line end that a pipe adds.</returns>
    public static async Task<string> ReadAsync(string given, CancellationToken cancellationToken) =>
        given == "-" ? (await Console.In.ReadToEndAsync(cancellationToken)).TrimEnd('\r', '\n') : given;
}
