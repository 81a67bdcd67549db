using System.CommandLine;
using System.Text.Json;
using Sluice.Cli.CommandLine;
using Sluice.Cluster.Configuration;
using Sluice.Cluster.Transport;
using Sluice.Cluster.Wire;

namespace Sluice.Cli.Deployments;

/// <summary>Finds the deployment: flags before environment before what <c>sluice up</c> left in its home.</summary>
internal sealed class DeploymentOptions
{
    private readonly DeploymentOption _api = new("--api")
    {
        Description = "URL of a seed. Else SLUICE_API, else what 'sluice up' left in the home.",
        HelpName = "URL",
    };

    private readonly DeploymentOption _token = new("--token") { Description = "API token. Else SLUICE_API_TOKEN.", HelpName = "TOKEN" };

    private readonly DeploymentOption _home = new("--home") { Description = "Home of 'sluice up' (else SLUICE_HOME, ~/.sluice), or of the demo.", HelpName = "DIR" };

    private readonly DeploymentOption _secretFile = new("--cluster-secret-file")
    {
        Description = "Makes the token. Else SLUICE_CLUSTER_SECRET or .._SECRET_FILE.",
        HelpName = "FILE",
    };

    private readonly DeploymentOption _authority = new("--tls-ca")
    {
        Description = "For https: PEM file of who signed the seed's certificate. Else SLUICE_TLS_CA.",
        HelpName = "FILE",
    };

    private readonly DeploymentOption _user = new("--user")
    {
        Description = "Who you are, for the audit log. Else SLUICE_USER, the login name.",
        HelpName = "NAME",
    };

    /// <summary>All commands take them, before the name or after it.</summary>
    public void AddTo(RootCommand root)
    {
        root.Add(_api);
        root.Add(_token);
        root.Add(_home);
        root.Add(_secretFile);
        root.Add(_authority);
        root.Add(_user);
    }

    public string? HomeGivenTo(ParseResult parsed) => parsed.GetValue(_home);

    /// <exception cref="UsageException">A URL or a file makes no sense.</exception>
    /// <exception cref="FailureException">None is known.</exception>
    public Deployment Find(ParseResult parsed, Func<string, string?> environment)
    {
        var home = Given(parsed, _home, environment, "SLUICE_HOME") ?? Roles.DefaultHome;
        var file = ReadFile(Path.Combine(home, "api.json"));
        var url = Given(parsed, _api, environment, "SLUICE_API") is { } text ? ParseUrl(text) : file?.Url
            ?? throw new FailureException(
                $"No deployment is known: {Path.Combine(home, "api.json")} is not there. Start one with 'sluice up', or name one by --api URL or SLUICE_API.");

        // A token in the home belongs to the deployment that it came with; no other may learn it.
        var token = Given(parsed, _token, environment, "SLUICE_API_TOKEN")
            ?? (file is not null && file.Url == url ? file.Token : null)
            ?? (Secret(parsed, environment) is { } secret ? ApiToken.FromSecret(secret) : null);
        return new(url, token, url.Scheme == "https" ? Tls(parsed, environment) : null) { User = User(parsed, environment) };
    }

    private string User(ParseResult parsed, Func<string, string?> environment)
    {
        var user = Given(parsed, _user, environment, "SLUICE_USER") ?? Environment.UserName;
        return user.Length <= 200 && !user.Any(char.IsControl)
            ? user
            : throw new UsageException("The name of a user (--user, SLUICE_USER) has at most 200 characters, none of them a control character.");
    }

    private static string? Given(ParseResult parsed, Option<string?> option, Func<string, string?> environment, string variable) =>
        parsed.GetValue(option) is { Length: > 0 } flag ? flag : environment(variable) is { Length: > 0 } value ? value : null;

    private static Uri ParseUrl(string text)
    {
        var whole = text.Contains("://", StringComparison.Ordinal) ? text : "http://" + text;
        return Uri.TryCreate(whole, UriKind.Absolute, out var url) && url.Scheme is "http" or "https" && url.Host.Length > 0
            ? new Uri(url.GetLeftPart(UriPartial.Authority))
            : throw new UsageException($"'{text}' is not a URL like http://127.0.0.1:8080.");
    }

    private static Deployment? ReadFile(string path)
    {
        try
        {
            using var document = JsonDocument.Parse(File.ReadAllText(path));
            return new(ParseUrl(document.RootElement.GetProperty("url").GetString() ?? ""), document.RootElement.GetProperty("token").GetString());
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException or UsageException)
        {
            throw new FailureException($"{path} is not what 'sluice up' writes; delete it and start 'sluice up' again.");
        }
    }

    private LinkTls? Tls(ParseResult parsed, Func<string, string?> environment)
    {
        string[] flags = parsed.GetValue(_authority) is { } path ? ["--tls-ca", path] : [];
        var values = SettingReader.Read([TlsSettings.Authority], flags, environment);
        return TlsSettings.Read(values, listens: false, TimeProvider.System.GetUtcNow());
    }

    private string? Secret(ParseResult parsed, Func<string, string?> environment)
    {
        var path = parsed.GetValue(_secretFile);
        if (path is null && environment("SLUICE_CLUSTER_SECRET") is { Length: > 0 } secret)
        {
            return secret;
        }

        path ??= environment("SLUICE_CLUSTER_SECRET_FILE");
        try
        {
            return string.IsNullOrEmpty(path) ? null : File.ReadAllText(path).Trim() is { Length: > 0 } text ? text : throw new IOException("it is empty");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UsageException($"The file with the cluster secret, '{path}', cannot be read: {e.Message}");
        }
    }
}

/// <summary>One of the options that tell which deployment is meant.</summary>
internal sealed class DeploymentOption : Option<string?>
{
    public DeploymentOption(string name)
        : base(name) => Recursive = true;
}
