using System.Text;
using Sluice.Services.Redshift.Wire;

namespace Sluice.Services.Redshift;

/// <summary>The session's own connection to PostgreSQL, for statements whose answers this server reads itself.</summary>
internal sealed class Backend(WireStream wire)
{
    /// <summary>I, T or E, as PostgreSQL said last.</summary>
    public char Status { get; set; } = 'I';

    public WireStream Wire => wire;

    /// <exception cref="RedshiftException">PostgreSQL refused.</exception>
    public async Task<List<string?[]>> QueryAsync(string sql, bool withNames, CancellationToken cancellationToken)
    {
        wire.Add(WireMessage.Query(sql));
        await wire.FlushAsync(cancellationToken);
        var rows = new List<string?[]>();
        RedshiftException? error = null;
        while (await NextAsync(cancellationToken) is var message && message.Type != 'Z')
        {
            switch (message.Type)
            {
                case 'T' when withNames:
                    rows.Add(Names(message.Body));
                    break;
                case 'D':
                    rows.Add(Values(message.Body));
                    break;
                case 'E':
                    error ??= Refused(message);
                    break;
            }
        }

        return error is null ? rows : throw error;
    }

    /// <summary>Begins a COPY FROM STDIN.</summary>
    /// <exception cref="RedshiftException">PostgreSQL refused.</exception>
    public async Task BeginCopyInAsync(string sql, CancellationToken cancellationToken)
    {
        wire.Add(WireMessage.Query(sql));
        await wire.FlushAsync(cancellationToken);
        RedshiftException? error = null;
        while (await NextAsync(cancellationToken) is var message)
        {
            switch (message.Type)
            {
                case 'G':
                    return;
                case 'E':
                    error = Refused(message);
                    break;
                case 'Z':
                    throw error!;
            }
        }
    }

    public async Task SendCopyDataAsync(byte[] data, CancellationToken cancellationToken)
    {
        if (data.Length > 0)
        {
            wire.Add(new('d', data));
            await wire.FlushAsync(cancellationToken);
        }
    }

    /// <exception cref="RedshiftException">PostgreSQL refused the rows after all.</exception>
    public async Task EndCopyInAsync(CancellationToken cancellationToken)
    {
        wire.Add(WireMessage.Empty('c'));
        await DrainAsync(throwing: true, cancellationToken);
    }

    public async Task FailCopyInAsync(CancellationToken cancellationToken)
    {
        wire.Add(new('f', new WireBody().Text("refused").ToArray()));
        await DrainAsync(throwing: false, cancellationToken);
    }

    /// <summary>The next message; remembers the transaction's state.</summary>
    /// <exception cref="DroppedException">PostgreSQL has gone.</exception>
    public async ValueTask<WireMessage> NextAsync(CancellationToken cancellationToken)
    {
        var message = await wire.ReadAsync(cancellationToken) ?? throw new DroppedException();
        if (message.Type == 'Z')
        {
            Status = (char)message.Body[0];
        }

        return message;
    }

    private async Task DrainAsync(bool throwing, CancellationToken cancellationToken)
    {
        await wire.FlushAsync(cancellationToken);
        RedshiftException? error = null;
        while (await NextAsync(cancellationToken) is var message && message.Type != 'Z')
        {
            error = message.Type == 'E' ? Refused(message) : error;
        }

        if (throwing && error is not null)
        {
            throw error;
        }
    }

    private static RedshiftException Refused(WireMessage message) =>
        new(message.Field('M') ?? "", message.Field('C') ?? "XX000", message.Field('D'));

    private static string?[] Values(byte[] body)
    {
        var reader = new WireReader(body);
        var values = new string?[reader.Int16()];
        for (var i = 0; i < values.Length; i++)
        {
            var length = reader.Int32();
            values[i] = length < 0 ? null : Encoding.UTF8.GetString(reader.Bytes(length));
        }

        return values;
    }

    private static string?[] Names(byte[] body)
    {
        var reader = new WireReader(body);
        var names = new string?[reader.Int16()];
        for (var i = 0; i < names.Length; i++)
        {
            names[i] = reader.Text();
            reader.Bytes(18);
        }

        return names;
    }
}
