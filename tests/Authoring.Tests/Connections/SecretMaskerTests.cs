using Sluice.Authoring.Connections;
using Sluice.Core.Connections;

namespace Sluice.Authoring.Tests.Connections;

public sealed class SecretMaskerTests
{
    [Fact]
    public void Passwords_and_secret_extras_are_masked_in_every_form_they_are_written_in()
    {
        var masker = new SecretMasker();
        masker.Add(ConnectionUri.Parse("s3", "s3://key:a%22b%2Fc@host/bucket?session_token=tok%2Ben&region=eu-west-1"));

        Assert.Equal(
            "*** *** *** *** *** eu-west-1 key",
            masker.Apply("a\"b/c a%22b%2Fc a%22b%2fc a\\u0022b/c tok%2Ben eu-west-1 key"));
    }

    [Fact]
    public void A_secret_that_holds_another_leaves_nothing_behind()
    {
        var masker = new SecretMasker();
        masker.AddVariable("api_key", "abc");
        masker.AddVariable("api_token", "abcdef");
        masker.AddVariable("table", "nps");

        Assert.Equal("*** *** nps", masker.Apply("abcdef abc nps"));
    }

    [Fact]
    public void A_secret_of_one_or_two_letters_is_not_shown_by_masking_every_such_letter()
    {
        var masker = new SecretMasker();
        masker.Add(ConnectionUri.Parse("db", "mysql://me:a@host/x"));

        Assert.Equal("a banana", masker.Apply("a banana"));
    }
}
