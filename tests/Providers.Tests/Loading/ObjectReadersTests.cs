using Sluice.Authoring.Extraction;
using Sluice.Authoring.Hooks;
using Sluice.Authoring.Loading;
using Sluice.Authoring.Objects;
using Sluice.Providers.Files.Objects;

namespace Sluice.Providers.Tests.Loading;

/// <summary>Objects of a load that are opened while the one before is still being worked at.</summary>
public sealed class ObjectReadersTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly TestFolder _folder = new();
    private readonly FileObjectStore _store = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task They_come_in_order_each_once_opened_ahead_or_not(bool ahead)
    {
        await using var readers = new ObjectReaders(Load(objects: [Object("a"), Object("b"), Object("c")]), keepsLines: false, CancellationToken.None);
        var seen = new List<string>();
        while (await readers.NextAsync() is var (source, reader))
        {
            await using (reader)
            {
                if (ahead)
                {
                    readers.OpenNext();
                    readers.OpenNext();
                }

                Assert.True(await reader.ReadAsync(CancellationToken.None));
                Assert.EndsWith(reader.ReadNames()[0], source.AbsolutePath, StringComparison.Ordinal);
                seen.Add(reader.ReadNames()[0]);
            }
        }

        Assert.Equal(["a", "b", "c"], seen);
    }

    [Fact]
    public async Task One_that_cannot_be_opened_is_told_when_its_turn_comes()
    {
        await using var readers = new ObjectReaders(Load(objects: [Object("a"), new(_folder.Uri("missing"))]), keepsLines: false, CancellationToken.None);
        await using var first = (await readers.NextAsync())!.Reader;
        readers.OpenNext();
        Assert.True(await first.ReadAsync(CancellationToken.None));

        await Assert.ThrowsAsync<FileNotFoundException>(async () => await readers.NextAsync());
    }

    [Fact]
    public async Task A_load_that_fails_waits_for_no_object_that_is_still_to_come()
    {
        var feed = new ObjectFeed();
        feed.Add(Object("a"), new() { Format = "csv", WrittenBy = "a test" });
        var readers = new ObjectReaders(Load(feed: feed), keepsLines: false, CancellationToken.None);
        await using var first = (await readers.NextAsync())!.Reader;
        readers.OpenNext();

        await readers.DisposeAsync().AsTask().WaitAsync(Patience);
    }

    [Fact]
    public async Task One_that_was_opened_ahead_in_vain_is_closed()
    {
        var readers = new ObjectReaders(Load(objects: [Object("a"), Object("b")]), keepsLines: false, CancellationToken.None);
        await using var first = (await readers.NextAsync())!.Reader;
        readers.OpenNext();

        await readers.DisposeAsync();

        Assert.DoesNotContain(Directory.GetFiles("/proc/self/fd").Select(Target), target => target == _folder["b"]);
    }

    private static string? Target(string descriptor)
    {
        try
        {
            return File.ResolveLinkTarget(descriptor, returnFinalTarget: false)?.FullName;
        }
        catch (IOException)
        {
            return null; // closed since
        }
    }

    private TableLoad Load(IReadOnlyList<Uri>? objects = null, ObjectFeed? feed = null) =>
        new() { Table = "t", Objects = objects ?? [], Feed = feed, Store = _store, Format = new() };

    private Uri Object(string name)
    {
        File.WriteAllText(_folder[name], $"{name}\n");
        return new(_folder.Uri(name));
    }
}
