// What PG3 keeps for the plugin: the input as the value of each record, in each form that PG3
// sends.
#include "fuzz_pg3.h"

static const char *const keys[] = {"customparams", "customdata", "notices", "idata",
                                   "customparamsdoc"};
// %1: the key, %2: the input, %3: the input as a JSON text.
static const char *const forms[] = {
    "{\"getAll\":[{\"key\":\"%1\",\"value\":%2}]}",
    "{\"getAll\":[{\"key\":\"%1\",\"value\":%3}]}",
    "{\"custom\":{\"%1\":%2}}",
    "{\"custom\":{\"%1\":{\"value\":%3}}}",
    "{\"%1\":%2}",
    "{\"getAll\":%2}",
};

static void fill(struct buf *b, const char *form, const char *key, const char *text) {
    for (; *form != '\0'; form++) {
        if (*form != '%') {
            buf_add(b, form, 1);
        } else if (*++form == '3') {
            buf_json(b, text);
        } else {
            buf_puts(b, *form == '1' ? key : text);
        }
    }
}

static void receive(const char *form, const char *key, const char *text) {
    struct world w;
    struct buf b;
    buf_init(&b, 1024 * 1024);
    fill(&b, form, key, text);
    world_open(&w);
    pg3_message(w.pg3, "{\"config\":{}}", 13);
    pg3_message(w.pg3, buf_text(&b), b.len);
    pg3_message(w.pg3, "{\"getAll\":[]}", 13);
    const struct pairs *params = pg3_params(w.pg3);
    for (size_t i = 0; i < params->count; i++)
        MUST(params->all[i].key != NULL && params->all[i].value != NULL);
    pg3_default_param(w.pg3, "vrm_token", "");
    pg3_notice(w.pg3, "key", "<b>text</b>");
    pg3_doc(w.pg3, "<p>page</p>");
    pg3_profile(w.pg3, "0123456789abcdef");
    world_turn(&w);
    pg3_message(w.pg3, buf_text(&b), b.len); // once more: an echo
    const char *data = pg3_data(w.pg3);
    char *copy = data != NULL ? strdup(data) : NULL;
    if (copy != NULL) // what was kept can be written again
        pg3_save(w.pg3, copy);
    free(copy);
    world_turn(&w);
    world_close(&w);
    buf_free(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    char *text = text_of(data, size);
    for (size_t f = 0; f < sizeof forms / sizeof forms[0]; f++)
        for (size_t k = 0; k < sizeof keys / sizeof keys[0]; k++)
            receive(forms[f], keys[k], text);
    free(text);
    return 0;
}
