// @ts-nocheck: nginx runs this (njs), and njs's types aren't here.
// The line by which nginx let somebody in, as people.js sees it.

import people from 'people.js';

function answer(r) {
    r.return(200, JSON.stringify(people.find(`/cases/${r.args.file}`, r.variables.remote_user)));
}

export default { answer };
