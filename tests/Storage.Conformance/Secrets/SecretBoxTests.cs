using System.Text;
using Sluice.Storage.Secrets;

namespace Sluice.Storage.Conformance.Secrets;

public sealed class SecretBoxTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("sluice-keys").FullName;

    private string KeyFile => Path.Combine(_folder, "key");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void What_is_sealed_opens_to_the_same_text_and_shows_nothing_of_it()
    {
        var box = new SecretBox(SecretKeys.LoadOrCreate(KeyFile));

        var envelope = box.Seal(SecretKind.Connection, "mysql", "mysql://u:비밀번호@h/db");

        Assert.Equal("mysql://u:비밀번호@h/db", box.Open(SecretKind.Connection, "mysql", envelope));
        Assert.DoesNotContain("비밀번호", Encoding.UTF8.GetString(envelope), StringComparison.Ordinal);
        Assert.NotEqual(envelope, box.Seal(SecretKind.Connection, "mysql", "mysql://u:비밀번호@h/db"));
    }

    [Fact]
    public void A_value_does_not_open_under_another_name_or_kind_nor_when_a_bit_changed()
    {
        var box = new SecretBox(SecretKeys.LoadOrCreate(KeyFile));
        var envelope = box.Seal(SecretKind.Variable, "a", "value");

        Assert.Equal("secrets.tampered", Assert.Throws<StoreException>(() => box.Open(SecretKind.Variable, "b", envelope)).Code);
        Assert.Equal("secrets.tampered", Assert.Throws<StoreException>(() => box.Open(SecretKind.Connection, "a", envelope)).Code);
        Assert.Equal("secrets.tampered", Assert.Throws<StoreException>(() => box.Open(SecretKind.Variable, "a", envelope.AsSpan(0, 20))).Code);
        for (var i = 0; i < envelope.Length; i++)
        {
            var changed = envelope.ToArray();
            changed[i] ^= 1;
            Assert.Throws<StoreException>(() => box.Open(SecretKind.Variable, "a", changed));
        }
    }

    [Fact]
    public void The_key_file_is_made_once_for_its_owner_alone()
    {
        var sealedBefore = new SecretBox(SecretKeys.LoadOrCreate(KeyFile)).Seal(SecretKind.Variable, "a", "value");

        Assert.Equal("value", new SecretBox(SecretKeys.LoadOrCreate(KeyFile)).Open(SecretKind.Variable, "a", sealedBefore));
        if (!OperatingSystem.IsWindows())
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(KeyFile));
        }

        Assert.Equal([KeyFile], Directory.GetFiles(_folder));
    }

    [Fact]
    public async Task Processes_that_make_the_key_file_at_once_agree_on_one_key()
    {
        for (var round = 0; round < 200; round++)
        {
            File.Delete(KeyFile);
            using var start = new Barrier(4);
            var keys = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Factory.StartNew(
                () =>
                {
                    start.SignalAndWait();
                    return SecretKeys.LoadOrCreate(KeyFile);
                },
                CancellationToken.None,
                TaskCreationOptions.LongRunning,
                TaskScheduler.Default)));

            var envelope = new SecretBox(keys[0]).Seal(SecretKind.Variable, "a", "value");
            Assert.All(keys, each => Assert.Equal("value", new SecretBox(each).Open(SecretKind.Variable, "a", envelope)));
            Assert.Equal([KeyFile], Directory.GetFiles(_folder));
        }
    }

    [Fact]
    public void A_rotation_that_another_one_holds_up_says_so_and_changes_nothing()
    {
        SecretKeys.LoadOrCreate(KeyFile);
        var before = File.ReadAllText(KeyFile);
        File.WriteAllText($"{KeyFile}.rotating", "");

        var error = Assert.Throws<StoreException>(() => SecretKeys.Rotate(KeyFile));

        Assert.Equal(("secrets.key_file", before), (error.Code, File.ReadAllText(KeyFile)));
        Assert.Contains($"delete {KeyFile}.rotating", error.Message, StringComparison.Ordinal);
        File.Delete($"{KeyFile}.rotating");
        SecretKeys.Rotate(KeyFile);
        Assert.Equal([KeyFile], Directory.GetFiles(_folder));
    }

    [Fact]
    public void After_a_rotation_old_values_still_open_and_new_ones_take_the_new_key()
    {
        var before = new SecretBox(SecretKeys.LoadOrCreate(KeyFile));
        var old = before.Seal(SecretKind.Variable, "a", "value");

        var after = new SecretBox(SecretKeys.Rotate(KeyFile));
        var fresh = after.Seal(SecretKind.Variable, "a", "value");

        Assert.Equal("value", after.Open(SecretKind.Variable, "a", old));
        Assert.False(after.IsCurrent(old));
        Assert.True(after.IsCurrent(fresh));
        Assert.Equal("secrets.unknown_key", Assert.Throws<StoreException>(() => before.Open(SecretKind.Variable, "a", fresh)).Code);
        Assert.Equal("value", new SecretBox(SecretKeys.LoadOrCreate(KeyFile)).Open(SecretKind.Variable, "a", fresh));
    }

    [Theory]
    [InlineData("")]
    [InlineData("# only a comment\n")]
    [InlineData("c2hvcnQ=\n")]
    [InlineData("not base64!\n")]
    public void A_key_file_that_holds_no_proper_key_is_refused_and_left_alone(string content)
    {
        File.WriteAllText(KeyFile, content);
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(KeyFile, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        }

        var refused = Assert.Throws<StoreException>(() => SecretKeys.LoadOrCreate(KeyFile));

        Assert.Equal("secrets.key_file", refused.Code);
        Assert.Contains(KeyFile, refused.Message, StringComparison.Ordinal);
        Assert.Equal(content, File.ReadAllText(KeyFile));
    }

    [Fact]
    public void A_key_file_that_everyone_can_read_is_refused()
    {
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        SecretKeys.LoadOrCreate(KeyFile);
        File.SetUnixFileMode(KeyFile, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.OtherRead);

        Assert.Contains("chmod 600", Assert.Throws<StoreException>(() => SecretKeys.LoadOrCreate(KeyFile)).Message, StringComparison.Ordinal);
    }
}
