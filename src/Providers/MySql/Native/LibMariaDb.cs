using System.Runtime.InteropServices;

namespace Sluice.Providers.MySql.Native;

/// <summary>The functions of MariaDB Connector/C that we call (Linux, where <c>unsigned long</c> is as wide as a pointer).</summary>
internal static unsafe partial class LibMariaDb
{
    private const string Library = "libmariadb.so.3";

    [LibraryImport(Library)]
    internal static partial int mysql_server_init(int argc, byte** argv, byte** groups);

    [LibraryImport(Library)]
    internal static partial nint mysql_init(nint mysql);

    [LibraryImport(Library)]
    internal static partial int mysql_options(nint mysql, MySqlOption option, void* value);

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int mysql_options(nint mysql, MySqlOption option, string value);

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial nint mysql_real_connect(
        nint mysql, string? host, string? user, string? password, string? database, uint port, string? socket, nuint flags);

    [LibraryImport(Library)]
    internal static partial void mysql_close(nint mysql);

    [LibraryImport(Library)]
    internal static partial uint mysql_errno(nint mysql);

    [LibraryImport(Library)]
    internal static partial byte* mysql_error(nint mysql);

    [LibraryImport(Library)]
    internal static partial byte* mysql_sqlstate(nint mysql);

    [LibraryImport(Library)]
    internal static partial byte* mysql_get_server_info(nint mysql);

    [LibraryImport(Library)]
    internal static partial byte* mysql_get_ssl_cipher(nint mysql);

    [LibraryImport(Library)]
    internal static partial nuint mysql_thread_id(nint mysql);

    [LibraryImport(Library)]
    internal static partial int mysql_get_socket(nint mysql);

    [LibraryImport(Library)]
    internal static partial int mysql_set_server_option(nint mysql, int option);

    [LibraryImport(Library)]
    internal static partial int mysql_real_query(nint mysql, byte* sql, nuint length);

    [LibraryImport(Library)]
    internal static partial nint mysql_use_result(nint mysql);

    [LibraryImport(Library)]
    internal static partial uint mysql_field_count(nint mysql);

    [LibraryImport(Library)]
    internal static partial ulong mysql_affected_rows(nint mysql);

    [LibraryImport(Library)]
    internal static partial ulong mysql_insert_id(nint mysql);

    [LibraryImport(Library)]
    internal static partial int mysql_next_result(nint mysql);

    [LibraryImport(Library)]
    internal static partial uint mysql_num_fields(nint result);

    [LibraryImport(Library)]
    internal static partial MySqlField* mysql_fetch_fields(nint result);

    [LibraryImport(Library)]
    internal static partial byte** mysql_fetch_row(nint result);

    [LibraryImport(Library)]
    internal static partial nuint* mysql_fetch_lengths(nint result);

    [LibraryImport(Library)]
    internal static partial void mysql_free_result(nint result);

    [LibraryImport(Library)]
    internal static partial nuint mysql_real_escape_string(nint mysql, byte* to, byte* from, nuint length);

    [LibraryImport(Library)]
    internal static partial nint mysql_stmt_init(nint mysql);

    [LibraryImport(Library)]
    internal static partial int mysql_stmt_prepare(nint statement, byte* sql, nuint length);

    [LibraryImport(Library)]
    internal static partial nint mysql_stmt_result_metadata(nint statement);

    [LibraryImport(Library)]
    internal static partial uint mysql_stmt_errno(nint statement);

    [LibraryImport(Library)]
    internal static partial byte* mysql_stmt_error(nint statement);

    [LibraryImport(Library)]
    internal static partial byte* mysql_stmt_sqlstate(nint statement);

    [LibraryImport(Library)]
    internal static partial int mysql_stmt_execute(nint statement);

    [LibraryImport(Library)]
    internal static partial byte mysql_stmt_bind_result(nint statement, MySqlBind* binds);

    [LibraryImport(Library)]
    internal static partial int mysql_stmt_fetch(nint statement);

    [LibraryImport(Library)]
    internal static partial int mysql_stmt_fetch_column(nint statement, MySqlBind* bind, uint column, nuint offset);

    [LibraryImport(Library)]
    internal static partial byte mysql_stmt_close(nint statement);

    // Variadic in C; with integer arguments the calling convention of Linux is the same.
    [LibraryImport("libc", SetLastError = true)]
    internal static partial int fcntl(int descriptor, int command, nint argument);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int shutdown(int descriptor, int how);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int setsockopt(int descriptor, int level, int option, int* value, uint length);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial nint recv(int descriptor, byte* into, nuint length, int flags);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int close(int descriptor);
}

/// <summary><c>enum mysql_option</c>, as far as we set them.</summary>
internal enum MySqlOption
{
    ConnectTimeout = 0,
    CharacterSet = 7,
    LocalInFile = 8,
    Protocol = 9,
    ReadTimeout = 11,
    VerifyServerCertificate = 21,
    SslKey = 25,
    SslCertificate = 26,
    SslAuthority = 27,
    SslEnforce = 38,
    MaxAllowedPacket = 39,
}

/// <summary><c>MYSQL_FIELD</c>: the same layout since version 3.0 of the library.</summary>
[StructLayout(LayoutKind.Explicit, Size = 128)]
internal unsafe struct MySqlField
{
    [FieldOffset(0)]
    public byte* Name;

    [FieldOffset(8)]
    public byte* OriginalName;

    [FieldOffset(24)]
    public byte* OriginalTable;

    [FieldOffset(32)]
    public byte* Database;

    [FieldOffset(56)]
    public nuint Length;

    [FieldOffset(72)]
    public uint NameLength;

    [FieldOffset(76)]
    public uint OriginalNameLength;

    [FieldOffset(84)]
    public uint OriginalTableLength;

    [FieldOffset(88)]
    public uint DatabaseLength;

    [FieldOffset(100)]
    public uint Flags;

    [FieldOffset(104)]
    public uint Decimals;

    [FieldOffset(108)]
    public uint CharacterSet;

    [FieldOffset(112)]
    public int Type;
}

/// <summary><c>MYSQL_BIND</c>, as far as we set it: where the library puts a value of a prepared statement's rows.</summary>
[StructLayout(LayoutKind.Explicit, Size = 112)]
internal unsafe struct MySqlBind
{
    public const int Float = 4;
    public const int String = 254;

    [FieldOffset(0)]
    public nuint* Length;

    [FieldOffset(8)]
    public byte* IsNull;

    [FieldOffset(16)]
    public byte* Buffer;

    [FieldOffset(64)]
    public nuint BufferLength;

    [FieldOffset(96)]
    public int BufferType;
}
