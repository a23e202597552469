// Haraka asks mailfilter: this is plugins/mailfilter.js in Haraka's folder. `mailfilter` stands in
// config/plugins in place of `rspamd`, whose code (npm install haraka-plugin-rspamd) and settings
// (config/rspamd.ini) it uses. `rspamd` by itself lets mail in unscanned whenever a HELO or an
// address has characters that a field of HTTP cannot have: anybody could get past the filter.

exports.register = function () {
    this.inherits('rspamd');
    this.register_hook('data_post', 'scan');
};

exports.scan = function (next, connection) {
    try {
        this.rspamd_data_post(next, connection);
    } catch (error) {
        // Haraka would go on as if there were no filter.
        connection.logerror(this, `not scanned: ${error.message}`);
        next(this.cfg.defer.error ? DENYSOFT : CONT, 'Scan error');
    }
};

exports.get_options = function (connection) {
    const options = this.base.rspamd.get_options.call(this, connection);
    for (const [name, value] of Object.entries(options.headers)) {
        options.headers[name] = Array.isArray(value) ? value.map(octets) : octets(value);
    }
    return options;
};

// Node.js sends a character as one octet, and takes none above 255: these are those of UTF-8.
function octets(value) {
    const text = String(value).replace(/[\x00-\x1f\x7f]/g, '?');
    return Buffer.from(text, 'utf8').toString('latin1');
}
