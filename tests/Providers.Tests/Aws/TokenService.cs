using System.Collections.Concurrent;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Sluice.Providers.Tests.Aws;

/// <summary>AWS's service of temporary keys, as far as taking on a role goes.</summary>
internal sealed class TokenService(WebApplication app) : IAsyncDisposable
{
    internal ConcurrentQueue<Dictionary<string, string>> Asked { get; } = [];

    /// <summary>How long the next keys hold; then an hour.</summary>
    internal ConcurrentQueue<TimeSpan> Lifetimes { get; } = [];

    internal string Url => app.Urls.First();

    internal static async Task<TokenService> StartAsync(string key, string secret)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        var app = builder.Build();
        var service = new TokenService(app);
        app.MapPost("/", async (HttpContext http) =>
        {
            var form = await http.Request.ReadFormAsync();
            service.Asked.Enqueue(new(form.ToDictionary(one => one.Key, one => one.Value.ToString())) { ["authorization"] = http.Request.Headers.Authorization.ToString() });
            var expires = DateTime.UtcNow + (service.Lifetimes.TryDequeue(out var lifetime) ? lifetime : TimeSpan.FromHours(1));
            return Results.Text(
                $"""
                 <AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult>
                   <AssumedRoleUser><AssumedRoleId>AROA:sluice</AssumedRoleId><Arn>{form["RoleArn"]}</Arn></AssumedRoleUser>
                   <Credentials><AccessKeyId>{key}</AccessKeyId><SecretAccessKey>{secret}</SecretAccessKey><SessionToken>of-the-role</SessionToken>
                     <Expiration>{expires:yyyy-MM-ddTHH:mm:ssZ}</Expiration></Credentials>
                 </AssumeRoleResult><ResponseMetadata><RequestId>1</RequestId></ResponseMetadata></AssumeRoleResponse>
                 """,
                "text/xml");
        });
        await app.StartAsync();
        return service;
    }

    public ValueTask DisposeAsync() => app.DisposeAsync();
}
