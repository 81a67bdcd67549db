using System.Globalization;
using System.Text;
using Sluice.Storage.Journal;
using Sluice.Storage.ReadModel;
using Sluice.Storage.Sqlite;

namespace Sluice.Storage.Conformance.Crash;

/// <summary>The process that is killed: appends numbered groups and prints each number once it is durable.</summary>
internal static class Appender
{
    public static async Task<int> RunAsync(string file)
    {
        await using var store = await SqliteStore.OpenAsync(file);
        await store.MigrateAsync(CancellationToken.None);
        var epoch = (await store.Leases.TryAcquireAsync("appender", "ws://appender:1", TimeSpan.FromMinutes(1), CancellationToken.None))!.Epoch;
        var next = 0;
        await foreach (var record in store.Journal.RecoverAsync(CancellationToken.None))
        {
            next = Math.Max(next, int.Parse(Encoding.UTF8.GetString(record.Payload.Span), CultureInfo.InvariantCulture) + 1);
        }

        await using var output = Console.OpenStandardOutput();
        for (; ; next++)
        {
            var batch = new JournalBatch();
            var text = next.ToString(CultureInfo.InvariantCulture);
            batch.Entries.Add(new("a", Encoding.UTF8.GetBytes(text)));
            batch.Entries.Add(new("b", Encoding.UTF8.GetBytes(text)));
            batch.Changes.Add(new XComRow(1, new("t"), text, text));
            await store.Journal.AppendAsync(epoch, batch, CancellationToken.None);
            await output.WriteAsync(Encoding.UTF8.GetBytes($"{text}\n"));
            await output.FlushAsync();
        }
    }
}
